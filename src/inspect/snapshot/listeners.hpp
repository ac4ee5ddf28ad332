#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "inspect/snapshot/processes.hpp"

namespace nslaunch::inspect {

/// The named sockets of the caller's network namespace that wait for clients, by inode. Empty where
/// the kernel won't list them.
class Listeners {
 public:
  Listeners();

  /// What this process waits for clients on, in the words of Leak::listening, each once.
  std::vector<std::string> of(pid_t shown) const;

 private:
  std::unordered_map<std::uint64_t, std::string> names_;
};

}  // namespace nslaunch::inspect
