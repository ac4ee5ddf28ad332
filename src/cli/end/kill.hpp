#pragma once

#include "cli/common/command.hpp"

namespace nslaunch::cli {

const Command& kill_command();

}  // namespace nslaunch::cli
