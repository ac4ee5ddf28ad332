#pragma once

#include "cli/command.hpp"

namespace nslaunch::cli {

const Command& doctor_command();

}  // namespace nslaunch::cli
