#pragma once

#include "cli/command.hpp"

namespace nslaunch::cli {

const Command& reap_command();

}  // namespace nslaunch::cli
