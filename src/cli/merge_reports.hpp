#pragma once

#include "cli/command.hpp"

namespace nslaunch::cli {

const Command& merge_reports_command();

}  // namespace nslaunch::cli
