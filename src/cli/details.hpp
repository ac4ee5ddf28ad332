#pragma once

#include <string>
#include <vector>

#include "cli/look.hpp"
#include "inspect/mounts.hpp"

namespace nslaunch::cli {

/// One process of a shard, for showing.
struct ProcessDetails {
  const inspect::Member* member;
  std::size_t depth = 0;  ///< in the tree; 0 for init
  std::string waits_in;   ///< the kernel's function that it sleeps in; empty: none, or not to be seen
  std::string command_line;
};

/// Everything that `inspect` shows.
struct Details {
  Look look;
  std::vector<ProcessDetails> processes;
  std::vector<inspect::Mount> mounts;
  std::vector<inspect::Usage> tmp;  ///< the largest entries of its /tmp
};

/// Throws as look_into() does.
Details details_of(const std::vector<std::string>& words);

/// "running", "sleeping", "waiting for a device", "stopped", "traced", "ended": a state of /proc in words.
const char* state_in_words(char state);

/// On one line, for programs. The schema is in docs/registry.md.
std::string details_as_json(const Details& details);

}  // namespace nslaunch::cli
