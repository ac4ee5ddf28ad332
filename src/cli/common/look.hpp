#pragma once

#include <nslaunch/error.hpp>
#include <nslaunch/registry.hpp>

#include <optional>
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

  /// What there is to say where the shard ends while it is looked into.
  Error gone() const;
};

/// The one shard that the words name. Throws UsageError where they don't name one, and Error where it can't
/// be looked into.
LiveShard find_live_shard(const std::vector<std::string>& words);

/// A handle on the shard's init: none where it has ended, nor where nobody is let look at it (sys::find).
std::optional<sys::Pidfd> find_init(const ShardRecord& record);

/// Looks into the one shard that the words name. Throws as find_live_shard() does.
Look look_into(const std::vector<std::string>& words);

/// Says so on stderr where the init is stopped, traced or frozen: then the shard obeys nobody.
void warn_of_standstill(const ShardRecord& record);

/// The member with this pid inside, or nothing.
const inspect::Member* find_member(const Look& look, pid_t pid);

}  // namespace nslaunch::cli
