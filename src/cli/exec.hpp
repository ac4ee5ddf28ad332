#pragma once

#include "cli/command.hpp"

namespace nslaunch::cli {

const Command& exec_command();

}  // namespace nslaunch::cli
