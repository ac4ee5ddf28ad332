#pragma once

#include <nslaunch/fleet_display.hpp>

#include "cli/common/options.hpp"

namespace nslaunch::cli {

/// How a run of several shards is to be shown: --output, --ci, --verbose, and what stderr is. Throws
/// UsageError.
DisplaySettings read_display(const Arguments& arguments);

/// Whose report a run of one shard is to have by --ci and --github: none unless one of them is given, and
/// GitLab's never, which only folds output. Throws UsageError.
LogMarks read_marks_of_one(const Arguments& arguments);

}  // namespace nslaunch::cli
