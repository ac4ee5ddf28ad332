#pragma once

#include <sys/types.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "inspect/snapshot/shard.hpp"

namespace nslaunch::inspect {

/// One process of a shard, for display.
struct ProcessDetails {
  const Member* member;
  std::size_t depth = 0;  ///< in the tree; 0 for init

  /// Its indentation in a list: limited to what fits in a line, however deep the tree is.
  std::string indentation() const { return std::string(2 * std::min<std::size_t>(depth, 20), ' '); }
  std::string waits_in;  ///< the kernel function that it sleeps in; empty if none, or if it can't be read
  std::string command_line;
};

/// The depth of each member in the tree. `members` must be in the order of the tree.
std::vector<std::size_t> depths_of(const std::vector<Member>& members);

/// The details of all members, in their order. `members` must outlive the result.
std::vector<ProcessDetails> details_of(const std::vector<Member>& members);

/// The kernel function that a process (or any thread) sleeps in; empty if none, or if it can't be read.
std::string wait_channel(pid_t pid);

/// A state in /proc as text: "running", "sleeping", "waiting for a device", "stopped", "traced", "ended".
const char* state_in_words(char state);

/// Processor time, as "1.25s".
std::string cpu_of(const sys::ProcessStat& stat);

/// Resident memory, as "55.1M".
std::string memory_of(const sys::ProcessStat& stat);

}  // namespace nslaunch::inspect
