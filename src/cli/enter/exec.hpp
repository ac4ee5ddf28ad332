#pragma once

#include "cli/common/command.hpp"

namespace nslaunch::cli {

const Command& exec_command();

}  // namespace nslaunch::cli
