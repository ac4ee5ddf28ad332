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

/// A process of a shard as seen from outside.
struct Member {
  pid_t pid = 0;          ///< inside the shard
  pid_t parent = 0;       ///< inside; 0 for init
  sys::ProcessStat stat;  ///< its pids are those of our own /proc
};

/// Every process of the shard whose init has this pid here: init and its descendants, init first, each after
/// its parent. (In a PID namespace orphans become init's children.) Empty if init is gone. Throws Error
/// (ETIMEDOUT) if reading from init blocks (K66).
std::vector<Member> members_of(pid_t init);

/// The same from a table that was read for many shards. Also throws it if `limit` has passed: the shard's
/// owner controls the number of processes and of their descriptors.
std::vector<Member> members_of(pid_t init, const ProcessTable& processes,
                               const std::optional<sys::Deadline>& limit = std::nullopt);

/// A socket of a shard, and the members that have it open, by their pids inside.
struct OwnedSocket {
  ns::Socket socket;
  std::vector<pid_t> owners;
};

/// The sockets with the members that have them open. Throws as members_of() does.
std::vector<OwnedSocket> with_owners(std::vector<ns::Socket> found, const std::vector<Member>& members,
                                     const std::optional<sys::Deadline>& limit = std::nullopt);

/// Every socket of the network namespace that init is in. Throws Error.
std::vector<OwnedSocket> sockets_of(pid_t init, const std::vector<Member>& members);

/// How long ago a process started; nullopt if it blocks readers of that (K33).
std::optional<std::chrono::milliseconds> age_of(const sys::ProcessStat& stat);
/// The same as text.
std::string age_in_words(const sys::ProcessStat& stat);

}  // namespace nslaunch::inspect
