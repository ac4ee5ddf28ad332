#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "run/engine/engine_part.hpp"

namespace nslaunch {

/// Reads the variables of every engine that is known. Where several say that they have split the run, or none
/// does, or what one says makes no sense, a UsageError names the variables and says what to do. An engine
/// that has split nothing (1 of 1) does not count beside another.
EnginePart detect_engine(const std::vector<std::string>& environment);

/// "2/4". Throws UsageError beginning with `option`.
ShardNumber parse_shard(std::string_view text, const std::string& option = "--shard");

}  // namespace nslaunch
