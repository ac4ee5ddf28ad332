#pragma once

#include "cli/common/command.hpp"

namespace nslaunch::cli {

const Command& inspect_command();

}  // namespace nslaunch::cli
