#pragma once

#include <nslaunch/outcome.hpp>
#include <nslaunch/spec.hpp>

namespace nslaunch::cli {

/// Says on stderr what a person must know of how the shard ended: leaks, what holds up its end and,
/// with `verbose`, the receipt. A clean end says nothing.
void report(const Outcome& outcome, const ShardSpec& spec, bool verbose);

}  // namespace nslaunch::cli
