#pragma once

#include "cli/command.hpp"

namespace nslaunch::cli {

const Command& list_command();

}  // namespace nslaunch::cli
