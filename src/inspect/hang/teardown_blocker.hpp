#pragma once

#include <sys/types.h>
#include <cstdint>
#include <string>

namespace nslaunch::inspect {

/// Called by the launcher, outside: names what keeps the PID namespace of `init` from ending (K6), in one
/// line: a process in uninterruptible sleep ("pid 4711 (dd) is in uninterruptible sleep"), one that
/// is traced by a stopped tracer, one whose parent outside the shard does not reap it, a frozen one.
/// Pids are the launcher's view. "no process that can be seen" where nothing is found. Never throws.
std::string find_teardown_blocker(pid_t init, std::uint64_t pidns_inode) noexcept;

}  // namespace nslaunch::inspect
