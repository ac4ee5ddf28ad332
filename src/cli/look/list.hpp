#pragma once

#include "cli/common/command.hpp"

namespace nslaunch::cli {

const Command& list_command();

}  // namespace nslaunch::cli
