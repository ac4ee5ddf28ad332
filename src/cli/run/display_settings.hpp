#pragma once

#include <nslaunch/fleet_display.hpp>

#include "cli/common/options.hpp"

namespace nslaunch::cli {

/// How a run of several shards is shown, by --output, --ci, --verbose and the kind of stderr. Throws
/// UsageError.
DisplaySettings read_display(const Arguments& arguments);

/// The report that --ci and --github request for a run of one shard: none unless one of them is given, and
/// never GitLab's, which only folds output. Throws UsageError.
LogMarks read_marks_of_one(const Arguments& arguments);

}  // namespace nslaunch::cli
