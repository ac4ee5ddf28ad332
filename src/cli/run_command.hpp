#pragma once

#include "cli/command.hpp"

namespace nslaunch::cli {

const Command& run_command();

}  // namespace nslaunch::cli
