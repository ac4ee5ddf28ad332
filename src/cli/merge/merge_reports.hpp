#pragma once

#include "cli/common/command.hpp"

namespace nslaunch::cli {

const Command& merge_reports_command();

}  // namespace nslaunch::cli
