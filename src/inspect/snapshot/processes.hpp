#pragma once

#include <sys/types.h>

#include <cstddef>
#include <limits>
#include <vector>

#include "sys/process/procfs.hpp"

namespace nslaunch::inspect {

/// A process of the caller's PID namespace. The two numbers differ where /proc is an outer one.
struct Process {
  pid_t pid = 0;          ///< in the caller's PID namespace
  pid_t parent = 0;       ///< likewise; 0 where the parent is outside
  sys::ProcessStat stat;  ///< as /proc shows it: its pids are those of /proc's namespace

  pid_t shown() const noexcept { return stat.pid; }  ///< its name under /proc
};

/// Every running process of the caller's PID namespace and of those nested in it, except the
/// caller and zombies: by pid, at most `limit` of them.
std::vector<Process> running_processes(std::size_t limit = std::numeric_limits<std::size_t>::max());

/// The pids of /proc/PID/status NSpid: one for each namespace from /proc's own inwards.
std::vector<pid_t> nested_pids(pid_t shown);

/// Whether it is the caller's user's in every respect, so that nobody else can keep waiting who looks at it
/// (K33).
bool is_own(pid_t shown);

/// Whether this user may look into it (proc(5)): not into a set-user-id program, say.
bool is_of(uid_t user, pid_t shown);

/// Whether nothing of it runs any more. A process whose first thread alone has ended shows as a
/// zombie too and is not.
bool has_ended(const sys::ProcessStat& stat);

}  // namespace nslaunch::inspect
