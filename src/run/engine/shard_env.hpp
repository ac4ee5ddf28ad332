#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "run/engine/engine.hpp"

namespace nslaunch {

/// The variables, as NAME=VALUE, by which test runners of one kind learn which part is theirs: "bazel" and
/// "gtest" count from 0, "harper" and "ci-node" from 1. `splits_here`: nslaunch itself runs all the parts
/// (--shards). Throws UsageError beginning with `option`.
std::vector<std::string> shard_variables(std::string_view kind, const ShardNumber& part, bool splits_here,
                                         const std::string& option = "--shard-env");

}  // namespace nslaunch
