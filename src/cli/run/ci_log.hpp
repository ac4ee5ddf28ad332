#pragma once

#include <nslaunch/fleet.hpp>

#include <string>

#include "cli/common/options.hpp"
#include "sys/base/fd.hpp"

namespace nslaunch::cli {

/// What --ci asks for, or the engine's variable where that is left to it. Throws UsageError.
LogMarks read_log_marks(const Arguments& arguments);

/// $GITHUB_STEP_SUMMARY, opened before anything runs: whoever gives its name another meaning then leads
/// nobody elsewhere.
struct SummaryFile {
  std::string path;  ///< empty: there is none to write
  sys::Fd file;
  int error = 0;  ///< why it could not be opened
};

/// The one that FleetSpec::marks wants.
SummaryFile open_summary(const FleetSpec& spec);

/// Tells GitHub, with FleetSpec::marks for it: annotations on stderr, a table in the summary.
void report_to_ci(const FleetResult& result, const FleetSpec& spec, const SummaryFile& summary);

}  // namespace nslaunch::cli
