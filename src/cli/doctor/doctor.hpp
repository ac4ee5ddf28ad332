#pragma once

#include "cli/common/command.hpp"

namespace nslaunch::cli {

const Command& doctor_command();

}  // namespace nslaunch::cli
