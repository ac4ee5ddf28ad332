#pragma once

#include "cli/common/command.hpp"

namespace nslaunch::cli {

const Command& reap_command();

}  // namespace nslaunch::cli
