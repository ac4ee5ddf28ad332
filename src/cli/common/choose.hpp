#pragma once

#include <nslaunch/registry.hpp>

#include <sys/types.h>

#include <span>
#include <string>
#include <vector>

namespace nslaunch::cli {

/// The shard that `word` means: a whole id, else a name, else the beginning of an id; of one shard
/// only. Those of `self` go before all others, which nobody takes a name away from. Each other user's are
/// looked at on their own; "USER/" before the word says whose. Throws UsageError with a suggestion where
/// there is none or more than one.
const ShardEntry& choose_shard(std::span<const ShardEntry> shards, const std::string& word, uid_t self);

/// The shards that the words mean, among those of the caller; root may name anybody's, and is told whose they
/// are. Warns of what is wrong with the registry.
std::vector<ShardEntry> choose_shards(std::span<const std::string> words);

/// Says of each record that can't be read what is wrong with it, and what to do.
void warn_of_unreadable(std::span<const ShardEntry> shards);

}  // namespace nslaunch::cli
