#pragma once

#include <nslaunch/fleet.hpp>

#include <vector>

#include "cli/common/options.hpp"

namespace nslaunch::cli {

/// The parts into which --shards, --each and --shard split a suite, each named after `own.name` or its line.
/// `own`: this process's part of a larger whole: 2/4 with --shards 8 gives 9/32 to 16/32. Throws UsageError.
std::vector<Part> read_parts(const Arguments& arguments, const ShardSpec& own);

}  // namespace nslaunch::cli
