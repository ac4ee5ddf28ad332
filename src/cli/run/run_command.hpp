#pragma once

#include "cli/common/command.hpp"

namespace nslaunch::cli {

const Command& run_command();

}  // namespace nslaunch::cli
