#pragma once

#include <nslaunch/fleet.hpp>

#include <cstddef>
#include <string>

#include "run/report/marks.hpp"

namespace nslaunch::run {

/// A group of GitHub's log, where the attempt passed: groups are closed, and a failure is to be seen.
Marks github_marks(const PartResult& part, const Attempt& attempt, const FleetSpec& spec);

/// Workflow commands, one a line: an error for each part that failed, a warning for each that was flaky or
/// has leaked; of each kind as many as GitHub shows of one step.
std::string github_annotations(const FleetResult& result, const FleetSpec& spec);

/// Markdown for the page of the job, of at most so many bytes: a table of all parts, those that failed first.
std::string github_summary(const FleetResult& result, const FleetSpec& spec, std::size_t most);

}  // namespace nslaunch::run
