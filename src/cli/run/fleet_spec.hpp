#pragma once

#include <nslaunch/fleet.hpp>

#include <string>
#include <string_view>
#include <vector>

#include "cli/common/options.hpp"

namespace nslaunch::cli {

/// The parts into which --shards, --each and --shard split a suite, each named after `own.name` or its line.
/// `own`: this process's part of a larger whole: 2/4 with --shards 8 gives 9/32 to 16/32. Throws UsageError.
std::vector<Part> read_parts(const Arguments& arguments, const ShardSpec& own);

/// Whether the options ask for more than one transparent run.
bool wants_fleet(const Arguments& arguments);

/// Whether an option applies to all shards together: a shard that is run again does not get it.
bool is_of_all_shards(std::string_view option);

/// The fleet whose shards are like `shard`. Throws UsageError.
FleetSpec read_fleet(ShardSpec shard, const Arguments& arguments);

}  // namespace nslaunch::cli
