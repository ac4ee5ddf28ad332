#pragma once

#include <sys/types.h>

#include <cstdint>

namespace nslaunch::inspect {

/// What the processes of a shard have written so far.
struct Written {
  std::uint64_t bytes =
      0;             ///< by write(2) and its kin, to anything; those of an ended child are its parent's
  pid_t unseen = 0;  ///< a process (as /proc shows it) that does not let itself be seen; 0: none
};

/// For the shard whose init has this pid here. What children write that nobody waits for (their parent
/// ignores SIGCHLD) is lost when they end, and send(2) and splice(2) are not counted by the kernel (K31).
Written written_by(pid_t init);

}  // namespace nslaunch::inspect
