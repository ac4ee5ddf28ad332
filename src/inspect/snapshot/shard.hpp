#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "inspect/snapshot/process_table.hpp"
#include "ns/net/sockets.hpp"
#include "sys/base/clock.hpp"
#include "sys/process/procfs.hpp"

namespace nslaunch::inspect {

/// A process of a shard as somebody outside sees it.
struct Member {
  pid_t pid = 0;          ///< inside the shard
  pid_t parent = 0;       ///< inside; 0 for init
  sys::ProcessStat stat;  ///< its pids are those of our own /proc
};

/// Every process of the shard whose init has this pid here, init first, each after its parent: what
/// descends from init. (In a PID namespace orphans are init's children.) Empty where init is gone. Throws
/// Error (ETIMEDOUT) where whoever looks at init is kept waiting (K66).
std::vector<Member> members_of(pid_t init);

/// The same from a table that was read for many shards. Throws it also when `limit` has passed: the number of
/// processes, and of their descriptors, is their owner's to choose.
std::vector<Member> members_of(pid_t init, const ProcessTable& processes,
                               const std::optional<sys::Deadline>& limit = std::nullopt);

/// A socket of a shard, and the members that have it open, by their pids inside.
struct OwnedSocket {
  ns::Socket socket;
  std::vector<pid_t> owners;
};

/// The sockets with those of the members that have them open. Throws as members_of() does.
std::vector<OwnedSocket> with_owners(std::vector<ns::Socket> found, const std::vector<Member>& members,
                                     const std::optional<sys::Deadline>& limit = std::nullopt);

/// Every socket of the network namespace that init is in. Throws Error.
std::vector<OwnedSocket> sockets_of(pid_t init, const std::vector<Member>& members);

/// How long ago a process started; nothing where it lets nobody see that (K33).
std::optional<std::chrono::milliseconds> age_of(const sys::ProcessStat& stat);
/// The same for people.
std::string age_in_words(const sys::ProcessStat& stat);

}  // namespace nslaunch::inspect
