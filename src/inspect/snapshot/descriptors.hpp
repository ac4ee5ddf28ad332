#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "inspect/snapshot/processes.hpp"

namespace nslaunch::inspect {

/// What /proc/PID/fd/NUMBER points to ("pipe:[4711]"), empty if it can't be read.
std::string descriptor_target(pid_t shown, int number);

/// The inode in a target such as "socket:[4711]" of this kind, 0 for every other target.
std::uint64_t inode_of(std::string_view target, std::string_view kind);

/// Calls `visit` with the number and the target of every descriptor of a process.
void for_each_descriptor(pid_t shown,
                         const std::function<void(int number, const std::string& target)>& visit);

/// Whether this descriptor of the process can be written to.
bool is_writable(pid_t shown, int number);

/// The named sockets that listen in the caller's network namespace, by inode. Empty if the kernel does not
/// list them.
class Listeners {
 public:
  Listeners();

  /// The addresses that this process listens on, in the format of Leak::listening, each once.
  std::vector<std::string> of(pid_t shown) const;

 private:
  std::unordered_map<std::uint64_t, std::string> names_;
};

}  // namespace nslaunch::inspect
