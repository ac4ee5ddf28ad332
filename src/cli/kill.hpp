#pragma once

#include "cli/command.hpp"

namespace nslaunch::cli {

const Command& kill_command();

}  // namespace nslaunch::cli
