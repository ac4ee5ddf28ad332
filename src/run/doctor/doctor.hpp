#pragma once

#include "run/doctor/diagnosis.hpp"

namespace nslaunch::run {

/// Tries everything that a run does, for a moment each, and leaves nothing. The caller must have one thread.
/// Throws Error where nothing can be tried at all.
Diagnosis diagnose();

}  // namespace nslaunch::run
