#pragma once

#include "cli/command.hpp"

namespace nslaunch::cli {

const Command& wait_command();

}  // namespace nslaunch::cli
