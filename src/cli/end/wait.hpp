#pragma once

#include "cli/common/command.hpp"

namespace nslaunch::cli {

const Command& wait_command();

}  // namespace nslaunch::cli
