#pragma once

#include "cli/command.hpp"

namespace nslaunch::cli {

const Command& inspect_command();

}  // namespace nslaunch::cli
