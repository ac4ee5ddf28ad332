#pragma once

#include <sys/types.h>
#include <cstdint>
#include <string>

namespace nslaunch::inspect {

/// Called by the launcher, outside the shard. Names, in one line, what keeps the PID namespace of `init` from
/// ending (K6): a process in uninterruptible sleep ("pid 4711 (dd) is in uninterruptible sleep"), one that is
/// traced from outside the shard, one that its parent outside the shard does not reap, a frozen one. Pids are
/// as the launcher sees them. Returns "no process that can be seen" if nothing is found. Never throws.
std::string find_teardown_blocker(pid_t init, std::uint64_t pidns_inode) noexcept;

}  // namespace nslaunch::inspect
