#pragma once

#include <nslaunch/fleet.hpp>

#include "cli/options.hpp"

namespace nslaunch::cli {

/// What --ci asks for, or the engine's variable where that is left to it. Throws UsageError.
LogMarks read_log_marks(const Arguments& arguments);

/// Tells GitHub, with FleetSpec::marks for it: annotations on stderr, a table in $GITHUB_STEP_SUMMARY.
void tell_ci(const FleetResult& result, const FleetSpec& spec);

}  // namespace nslaunch::cli
