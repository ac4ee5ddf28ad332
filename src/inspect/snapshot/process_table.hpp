#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "inspect/snapshot/patient_reads.hpp"
#include "sys/process/procfs.hpp"

namespace nslaunch::inspect {

/// The total resource usage of a shard's processes.
struct Summary {
  std::size_t processes = 0;         ///< including init
  std::chrono::milliseconds cpu{0};  ///< of those that still exist
  std::uint64_t rss_bytes = 0;       ///< a shared page counts once per process
};

/// A scan of every process that this /proc shows, except those of no interest.
class ProcessReading {
 public:
  /// Starts it. `without_child`: what to do about processes of the caller's user.
  explicit ProcessReading(const std::unordered_set<pid_t>& of_no_interest = {},
                          WithoutChild without_child = WithoutChild::kReadNone);
  /// The processes that still exist. One that blocks readers of its `stat` (K33) is described by its
  /// `status`, without times and threads. One that blocks readers of that as well (K66) is left out.
  std::vector<sys::ProcessStat> take();

 private:
  bool is_read_anyway(pid_t pid) const;

  std::vector<pid_t> pids_;
  WithoutChild without_child_;
  PatientReads reads_;
};

/// A snapshot of the processes of a machine.
class ProcessTable {
 public:
  using Children = std::multimap<pid_t, sys::ProcessStat>;

  explicit ProcessTable(ProcessReading&& reading = ProcessReading());
  ProcessTable(const ProcessTable&) = delete;
  ProcessTable& operator=(const ProcessTable&) = delete;

  const Children& by_parent() const noexcept { return children_; }
  /// nullptr if it did not exist.
  const sys::ProcessStat* find(pid_t pid) const;
  /// For a process and all its descendants; nullopt if it did not exist.
  std::optional<Summary> summary_of(pid_t init) const;

 private:
  Children children_;
  std::unordered_map<pid_t, const sys::ProcessStat*> by_pid_;  ///< into children_
};

}  // namespace nslaunch::inspect
