#pragma once

#include <nslaunch/spec.hpp>

#include <span>

#include "cli/options.hpp"

namespace nslaunch::cli {

std::span<const Option> run_options();

/// The shard that the command line and the environment ask for. Throws UsageError.
ShardSpec read_spec(const Arguments& arguments);

}  // namespace nslaunch::cli
