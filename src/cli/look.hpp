#pragma once

#include <nslaunch/registry.hpp>

#include <string>
#include <vector>

#include "inspect/shard.hpp"

namespace nslaunch::cli {

/// A live shard as it is now.
struct Look {
  ShardEntry shard;
  std::vector<inspect::Member> members;
  std::vector<inspect::OwnedSocket> sockets;
};

/// Looks into the one shard that the words name. Throws UsageError where they don't name one, and Error where
/// it can't be looked into.
Look look_into(const std::vector<std::string>& words);

/// The member with this pid inside, or nothing.
const inspect::Member* find_member(const Look& look, pid_t pid);

/// "tcp", "udp" or "unix".
const char* name_of(ns::Protocol protocol);

}  // namespace nslaunch::cli
