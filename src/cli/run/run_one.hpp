#pragma once

#include <nslaunch/spec.hpp>

#include "cli/common/options.hpp"

namespace nslaunch::cli {

/// Runs one shard, whose command has the terminal and the caller's streams, and writes the requested reports.
/// Returns the status to end with, or ends as the command did.
int run_one(ShardSpec& spec, const Arguments& arguments);

}  // namespace nslaunch::cli
