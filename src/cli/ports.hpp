#pragma once

#include "cli/command.hpp"

namespace nslaunch::cli {

const Command& ports_command();

}  // namespace nslaunch::cli
