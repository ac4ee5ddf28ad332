#pragma once

#include "cli/common/command.hpp"

namespace nslaunch::cli {

const Command& ports_command();

}  // namespace nslaunch::cli
