#pragma once

#include <nslaunch/spec.hpp>

#include "cli/common/options.hpp"

namespace nslaunch::cli {

/// The shard that the command line and the environment ask for. Throws UsageError.
ShardSpec read_spec(const Arguments& arguments);

}  // namespace nslaunch::cli
