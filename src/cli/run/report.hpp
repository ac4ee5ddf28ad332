#pragma once

#include <nslaunch/outcome.hpp>
#include <nslaunch/spec.hpp>

namespace nslaunch::cli {

/// Reports on stderr what a person must know about the shard's end: leaks, what blocks it and, with
/// `verbose`, a summary. Prints nothing for a clean end.
void report(const Outcome& outcome, const ShardSpec& spec, bool verbose);

}  // namespace nslaunch::cli
