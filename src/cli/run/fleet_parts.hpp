#pragma once

#include <nslaunch/fleet.hpp>

#include <string>
#include <vector>

#include "cli/common/options.hpp"

namespace nslaunch::cli {

/// What --shards, --each and --shard make of a suite, each part named after `name`. `own`: which part of a
/// larger whole this process is, so that `own` 2/4 with --shards 8 gives 9/32 to 16/32. Throws UsageError.
std::vector<Part> read_parts(const Arguments& arguments, const ShardSpec& own);

}  // namespace nslaunch::cli
