#pragma once

#include <nslaunch/fleet.hpp>

#include <string_view>

#include "cli/common/options.hpp"

namespace nslaunch::cli {

/// Whether the options ask for more than one transparent run.
bool wants_fleet(const Arguments& arguments);

/// Whether an option applies to all shards together: a shard that is run again does not get it.
bool is_of_all_shards(std::string_view option);

/// The fleet whose shards are like `shard`. Throws UsageError.
FleetSpec read_fleet(ShardSpec shard, const Arguments& arguments);

}  // namespace nslaunch::cli
