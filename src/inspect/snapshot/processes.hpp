#pragma once

#include <sys/types.h>

#include <cstddef>
#include <limits>
#include <string>
#include <unordered_map>
#include <vector>

#include "inspect/snapshot/patient_reads.hpp"
#include "sys/process/procfs.hpp"

namespace nslaunch::inspect {

/// A process of the caller's PID namespace. The two numbers differ if /proc belongs to an outer one.
struct Process {
  pid_t pid = 0;          ///< in the caller's PID namespace
  pid_t parent = 0;       ///< likewise; 0 if the parent is outside
  sys::ProcessStat stat;  ///< as /proc shows it: its pids are those of /proc's namespace

  pid_t shown() const noexcept { return stat.pid; }  ///< its name under /proc
};

/// Every running process of the caller's PID namespace and of those nested in it, except the caller and
/// zombies: ordered by pid, at most `limit` of them.
std::vector<Process> running_processes(std::size_t limit = std::numeric_limits<std::size_t>::max());

/// The pids in NSpid of /proc/PID/status: one per namespace, from /proc's own inwards.
std::vector<pid_t> nested_pids(pid_t shown);

/// Whether all its user ids are the caller's, so that no other user can block a process that reads from it
/// (K33).
bool is_own(pid_t shown);

/// Whether this user may inspect it (proc(5)): not a set-user-id program, for example.
bool is_of(uid_t user, pid_t shown);

/// Whether no thread of it runs any more. A process of which only the first thread has ended is shown as a
/// zombie too, but has not ended.
bool has_ended(const sys::ProcessStat& stat);

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
