#pragma once

#include <string>

#include "run/doctor/doctor.hpp"

namespace nslaunch::cli {

/// The document of `nslaunch doctor --json` (docs/doctor.md), which includes its exit status.
std::string diagnosis_as_json(const run::Diagnosis& diagnosis, int exit_status);

}  // namespace nslaunch::cli
