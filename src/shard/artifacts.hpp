#pragma once

#include <string>

#include "shard/plan.hpp"

namespace nslaunch::shard {

/// How a missing folder for results is made: for the command's user and as its umask has it.
sys::NewFolder folder_for_results(const ShardSpec& spec);

/// Makes the --artifacts folder of the plan where it is missing, for the command's user and as its umask has
/// it. Returns its path without links, so that it can be kept where it lies in /tmp. Throws UsageError where
/// the shard would hide it and Error where it can't be made or written to.
std::string make_artifacts_folder(const Plan& plan);

}  // namespace nslaunch::shard
