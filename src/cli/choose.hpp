#pragma once

#include <nslaunch/registry.hpp>

#include <span>
#include <string>

namespace nslaunch::cli {

/// The shard that `word` means: a whole id, else a name, else the beginning of an id; of one shard
/// only. Throws UsageError with a suggestion where there is none or more than one.
const ShardEntry& choose_shard(std::span<const ShardEntry> shards, const std::string& word);

}  // namespace nslaunch::cli
