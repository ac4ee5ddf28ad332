#pragma once

#include <string>

#include "run/doctor/doctor.hpp"

namespace nslaunch::cli {

/// A line for each thing that was tried, below what failed what to do about it, and the verdict at the end.
std::string diagnosis_in_words(const run::Diagnosis& diagnosis, bool coloured);

}  // namespace nslaunch::cli
