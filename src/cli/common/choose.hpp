#pragma once

#include <nslaunch/registry.hpp>

#include <sys/types.h>

#include <span>
#include <string>
#include <vector>

namespace nslaunch::cli {

/// The shard that `word` means: a whole id, else a name, else the beginning of an id, if exactly one shard
/// matches. Shards of `self` take precedence, so no other user can take a name away from them. Each other
/// user's shards are matched separately; "USER/" before the word selects the user. Throws UsageError, with a
/// suggestion, if no shard or more than one matches.
const ShardEntry& choose_shard(std::span<const ShardEntry> shards, const std::string& word, uid_t self);

/// The shards that the words mean, among those of the caller. Root may name any user's shards; whose they are
/// is then printed. Warns of problems in the registry.
std::vector<ShardEntry> choose_shards(std::span<const std::string> words);

/// Warns of each record that can't be read: what is wrong with it, and what to do.
void warn_of_unreadable(std::span<const ShardEntry> shards);

}  // namespace nslaunch::cli
