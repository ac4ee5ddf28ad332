#pragma once

#include <string>

#include "ns/shard_limits.hpp"

namespace nslaunch::ns {

/// Throws the Error that make_group_for() would, as far as that can be told without changing anything.
void check_delegation(const ShardLimits& limits);

/// Makes a group for a shard below the launcher's, which the launcher may have to leave for that, and returns
/// its path. Throws as check_delegation() does.
std::string make_group_for(const std::string& id, const ShardLimits& limits);

/// Throws the Error of a shard that can't have its limits.
[[noreturn]] void refuse_limits(int error, const std::string& why);

}  // namespace nslaunch::ns
