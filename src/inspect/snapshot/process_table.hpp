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

/// What the processes of a shard use together.
struct Summary {
  std::size_t processes = 0;         ///< with init
  std::chrono::milliseconds cpu{0};  ///< of those that are there
  std::uint64_t rss_bytes = 0;       ///< a page that several have counts for each
};

/// The look at every process that this /proc shows, but for those that are of no interest.
class ProcessReading {
 public:
  /// Begins it. `without_child`: what becomes of the caller's own processes.
  explicit ProcessReading(const std::unordered_set<pid_t>& of_no_interest = {},
                          WithoutChild without_child = WithoutChild::kReadNone);
  /// Those that are still there. Of one that lets nobody read its `stat` (K33) there is what `status` says:
  /// neither times nor threads. One that lets nobody read that either (K66) is left out.
  std::vector<sys::ProcessStat> take();

 private:
  bool is_read_anyway(pid_t pid) const;

  std::vector<pid_t> pids_;
  WithoutChild without_child_;
  PatientReads reads_;
};

/// The processes of a machine as they were at one time.
class ProcessTable {
 public:
  using Children = std::multimap<pid_t, sys::ProcessStat>;

  explicit ProcessTable(ProcessReading&& reading = ProcessReading());
  ProcessTable(const ProcessTable&) = delete;
  ProcessTable& operator=(const ProcessTable&) = delete;

  const Children& by_parent() const noexcept { return children_; }
  /// Nothing where it was not there.
  const sys::ProcessStat* find(pid_t pid) const;
  /// Of a process and all that descends from it; empty where it was not there.
  std::optional<Summary> summary_of(pid_t init) const;

 private:
  Children children_;
  std::unordered_map<pid_t, const sys::ProcessStat*> by_pid_;  ///< into children_
};

}  // namespace nslaunch::inspect
