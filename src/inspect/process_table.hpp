#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <unordered_map>
#include <unordered_set>

#include "sys/procfs.hpp"

namespace nslaunch::inspect {

/// What the processes of a shard use together.
struct Summary {
  std::size_t processes = 0;         ///< with init
  std::chrono::milliseconds cpu{0};  ///< of those that are there
  std::uint64_t rss_bytes = 0;       ///< a page that several have counts for each
};

/// Every process that this /proc shows, as it was at one time, but for those that are of no interest.
class ProcessTable {
 public:
  using Children = std::multimap<pid_t, sys::ProcessStat>;

  explicit ProcessTable(const std::unordered_set<pid_t>& of_no_interest = {});
  ProcessTable(const ProcessTable&) = delete;
  ProcessTable& operator=(const ProcessTable&) = delete;

  const Children& by_parent() const noexcept { return children_; }
  /// Of a process and all that descends from it; empty where it was not there.
  std::optional<Summary> summary_of(pid_t init) const;

 private:
  Children children_;
  std::unordered_map<pid_t, const sys::ProcessStat*> by_pid_;  ///< into children_
};

}  // namespace nslaunch::inspect
