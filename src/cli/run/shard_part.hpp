#pragma once

#include <nslaunch/spec.hpp>

#include "cli/common/options.hpp"

namespace nslaunch::cli {

/// Applies --shard and --shard-env to a spec that has its command and variables: which part the shard is, and
/// how its command learns that. `splits_further`: the part is split again here, and its shards learn which
/// part of the whole they are. Throws UsageError, or Error if the engine can't be answered.
void read_shard_part(ShardSpec& spec, const Arguments& arguments, bool splits_further);

}  // namespace nslaunch::cli
