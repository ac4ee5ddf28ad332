#pragma once

#include <nslaunch/error.hpp>
#include <nslaunch/registry.hpp>

#include <string>
#include <vector>

#include "inspect/snapshot/shard.hpp"
#include "sys/process/pidfd.hpp"

namespace nslaunch::cli {

/// A live shard as it is now.
struct Look {
  ShardEntry shard;
  std::vector<inspect::Member> members;
  std::vector<inspect::OwnedSocket> sockets;
};

/// A shard whose init runs.
struct LiveShard {
  ShardEntry shard;
  sys::Pidfd init;

  /// The error to throw if the shard ends while it is inspected.
  Error gone() const;
};

/// The one shard that the words name. Throws UsageError if they don't name one, and Error if it can't be
/// inspected.
LiveShard find_live_shard(const std::vector<std::string>& words);

/// Inspects the one shard that the words name. Throws as find_live_shard() does.
Look look_into(const std::vector<std::string>& words);

/// Warns on stderr if the init is stopped, traced or frozen: the shard then responds to nothing.
void warn_of_standstill(const ShardRecord& record);

/// The member with this pid inside, or nothing.
const inspect::Member* find_member(const Look& look, pid_t pid);

}  // namespace nslaunch::cli
