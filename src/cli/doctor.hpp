#pragma once

#include "cli/command.hpp"
#include "run/doctor.hpp"

namespace nslaunch::cli {

const Command& doctor_command();

/// 0: full isolation; 1: reduced; 125: none.
int exit_status_of(run::Verdict verdict) noexcept;

}  // namespace nslaunch::cli
