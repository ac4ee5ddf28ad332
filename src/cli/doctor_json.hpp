#pragma once

#include <string>

#include "run/doctor.hpp"

namespace nslaunch::cli {

/// The document of `nslaunch doctor --json` (docs/doctor.md).
std::string diagnosis_as_json(const run::Diagnosis& diagnosis);

}  // namespace nslaunch::cli
