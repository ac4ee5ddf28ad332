#pragma once

#include <sys/types.h>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace nslaunch::inspect {

/// Threads of one process that are at the same place: same state, same wait channel.
struct ThreadGroup {
  char state = '?';
  std::string waits_in;  ///< empty: nowhere, or not to be seen
  std::size_t count = 0;
  pid_t first = 0;   ///< the pid of one of them, as /proc shows it
  std::string name;  ///< of that one
};

struct Threads {
  std::vector<ThreadGroup> groups;  ///< those that do not just sleep first, then by size
  std::size_t total = 0;
  std::size_t seen = 0;  ///< how many of them are in the groups
};

/// The threads of a process, `most` of them looked at. None where it is gone.
Threads threads_of(pid_t pid, std::size_t most);

/// Whether a signal or a tracer has stopped the process: one of its threads is enough, as they stop and go on
/// together and the first of them may have ended. Nothing where /proc does not tell.
std::optional<bool> is_stopped(pid_t pid);

/// The kernel functions that a thread stands in, innermost first, at most `most`. Empty where they are not to
/// be seen: only root sees them, and of a running thread there are none.
std::vector<std::string> kernel_stack(pid_t thread, std::size_t most);

}  // namespace nslaunch::inspect
