#pragma once

#include <sys/types.h>

#include <string>
#include <utility>

#include "ns/delegation.hpp"

namespace nslaunch::ns {

/// The pids.max of a control group that we are in and whose process limit is reached; empty if there is none.
std::string reached_pids_max();

/// A control group (version 2) for one shard, below the launcher's: made here, removed at the end of the
/// scope if its processes have ended. If one of its processes runs out of memory, the kernel kills all of
/// them. All of it runs in the launcher.
class Cgroup {
 public:
  Cgroup() noexcept = default;
  /// Throws Error with the reason if the launcher's group can't have such groups below it.
  Cgroup(const std::string& id, const ShardLimits& limits);
  Cgroup(Cgroup&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  Cgroup& operator=(Cgroup&& other) noexcept {
    std::swap(path_, other.path_);
    return *this;
  }
  ~Cgroup();

  /// False: none was made.
  explicit operator bool() const noexcept { return !path_.empty(); }
  /// Adds a process, and everything that it starts from then on.
  void add(pid_t process) const;
  /// Whether its memory limit has caused a kill; whether its process limit was reached.
  bool ran_out_of_memory() const noexcept;
  bool ran_out_of_pids() const noexcept;

 private:
  std::string path_;
};

}  // namespace nslaunch::ns
