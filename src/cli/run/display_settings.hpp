#pragma once

#include <nslaunch/fleet_display.hpp>

#include "cli/common/options.hpp"

namespace nslaunch::cli {

/// How a run of several shards is to be shown: --output, --ci, --verbose, and what stderr is. Throws
/// UsageError.
DisplaySettings read_display(const Arguments& arguments);

}  // namespace nslaunch::cli
