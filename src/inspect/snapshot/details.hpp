#pragma once

#include <sys/types.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "inspect/snapshot/shard.hpp"

namespace nslaunch::inspect {

/// One process of a shard, for showing.
struct ProcessDetails {
  const Member* member;
  std::size_t depth = 0;  ///< in the tree; 0 for init

  /// The blanks before it in a list: no more than fit in a line, however deep the tree is.
  std::string indentation() const { return std::string(2 * std::min<std::size_t>(depth, 20), ' '); }
  std::string waits_in;  ///< the kernel's function that it sleeps in; empty: none, or not to be seen
  std::string command_line;
};

/// How deep each of the members, in the order of the tree, lies in it.
std::vector<std::size_t> depths_of(const std::vector<Member>& members);

/// Of all, in their order. `members` must outlive the result.
std::vector<ProcessDetails> details_of(const std::vector<Member>& members);

/// The kernel's function that a process (or a thread of any) sleeps in; empty: none, or not to be seen.
std::string wait_channel(pid_t pid);

/// "running", "sleeping", "waiting for a device", "stopped", "traced", "ended": a state of /proc in words.
const char* state_in_words(char state);

/// Processor time, as "1.25s".
std::string cpu_of(const sys::ProcessStat& stat);

/// Resident memory, as "55.1M".
std::string memory_of(const sys::ProcessStat& stat);

}  // namespace nslaunch::inspect
