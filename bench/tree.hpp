#pragma once

#include <sys/types.h>

#include <map>
#include <vector>

#include "bench/unique_fd.hpp"

namespace nslaunch::bench {

/// Every process and its parent, by one look at /proc.
class Processes {
 public:
  Processes();
  std::vector<pid_t> children_of(pid_t pid) const;
  /// The process and all below it.
  std::vector<pid_t> tree_of(pid_t pid) const;

 private:
  std::multimap<pid_t, pid_t> by_parent_;
};

/// SIGKILL to a process and all below it: not every contestant's shard ends with its launcher.
void kill_tree(pid_t pid);

/// Those of a launcher's tree that run its executable: itself and its init, not the command.
std::vector<pid_t> resident_part(pid_t launcher);

/// Private_Dirty of /proc/PID/smaps_rollup, in KiB.
double private_dirty_kib(pid_t pid);

UniqueFd open_pidfd(pid_t pid);

/// Returns when the process has ended: of a PID namespace's init, when all of it has.
void wait_for_end(const UniqueFd& pidfd);

}  // namespace nslaunch::bench
