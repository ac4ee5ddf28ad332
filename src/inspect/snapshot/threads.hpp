#pragma once

#include <sys/types.h>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace nslaunch::inspect {

/// Threads of one process with the same state and the same wait channel.
struct ThreadGroup {
  char state = '?';
  std::string waits_in;  ///< empty if nowhere, or if it can't be read
  std::size_t count = 0;
  pid_t first = 0;   ///< the pid of one of them, as /proc shows it
  std::string name;  ///< of that one
};

struct Threads {
  std::vector<ThreadGroup> groups;  ///< threads that are not just sleeping first, then by size
  std::size_t total = 0;
  std::size_t seen = 0;  ///< how many of them are in the groups
};

/// The threads of a process, of which at most `most` are examined. Empty if it is gone.
Threads threads_of(pid_t pid, std::size_t most);

/// Whether a signal or a tracer has stopped the process: one stopped thread is enough, as they stop and
/// continue together and the first may have ended. nullopt if /proc does not show it.
std::optional<bool> is_stopped(pid_t pid);

/// The kernel functions on a thread's stack, innermost first, at most `most`. Empty if they can't be read:
/// only root can read them, and a running thread has none.
std::vector<std::string> kernel_stack(pid_t thread, std::size_t most);

}  // namespace nslaunch::inspect
