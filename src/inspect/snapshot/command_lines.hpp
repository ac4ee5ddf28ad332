#pragma once

#include <sys/types.h>

#include <string>
#include <unordered_map>
#include <vector>

#include "inspect/snapshot/patient_reads.hpp"
#include "sys/process/procfs.hpp"

namespace nslaunch::inspect {

/// The command lines of processes. Reading one waits for the lock on that process's memory (K33).
class CommandLines {
 public:
  /// Takes anything that has a `stat`: Process, Member. The caller must have only one thread.
  template <typename Processes>
  explicit CommandLines(const Processes& processes, WithoutChild without_child = WithoutChild::kReadNone) {
    std::vector<const sys::ProcessStat*> all;
    for (const auto& process : processes) all.push_back(&process.stat);
    read(all, without_child);
  }

  /// Arguments joined by single spaces, or "[comm]" with the reason if they can't be read. `shown` is the pid
  /// of one of the processes in /proc.
  const std::string& of(pid_t shown) const { return lines_.at(shown); }

 private:
  void read(const std::vector<const sys::ProcessStat*>& processes, WithoutChild without_child);

  std::unordered_map<pid_t, std::string> lines_;
};

}  // namespace nslaunch::inspect
