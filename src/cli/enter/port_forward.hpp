#pragma once

#include "cli/common/command.hpp"

namespace nslaunch::cli {

const Command& port_forward_command();

}  // namespace nslaunch::cli
