#pragma once

#include <nslaunch/fleet.hpp>

#include "cli/common/options.hpp"

namespace nslaunch::cli {

/// Whether the options ask for more than one transparent run.
bool wants_fleet(const Arguments& arguments);

/// The fleet whose shards are like `shard`. Throws UsageError.
FleetSpec read_fleet(ShardSpec shard, const Arguments& arguments);

}  // namespace nslaunch::cli
