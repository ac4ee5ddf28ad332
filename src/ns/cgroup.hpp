#pragma once

#include <sys/types.h>

#include <string>
#include <utility>

#include "ns/delegation.hpp"

namespace nslaunch::ns {

/// The pids.max of a control group that we are in and whose limit on processes is reached; empty for none.
std::string reached_pids_max();

/// A control group (version 2) of a shard's own, below the launcher's: made here, gone at the end of the
/// scope if its processes are. Where a process of it has run out of memory the kernel kills all of them. All
/// of it is the launcher's side.
class Cgroup {
 public:
  Cgroup() noexcept = default;
  /// Throws Error that says why where the launcher's group can't have such groups below it.
  Cgroup(const std::string& id, const ShardLimits& limits);
  Cgroup(Cgroup&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  Cgroup& operator=(Cgroup&& other) noexcept {
    std::swap(path_, other.path_);
    return *this;
  }
  ~Cgroup();

  /// False: none was made.
  explicit operator bool() const noexcept { return !path_.empty(); }
  /// And all that it starts from then on.
  void add(pid_t process) const;
  /// Whether its limit on memory has had somebody killed; whether its limit on processes was reached.
  bool ran_out_of_memory() const noexcept;
  bool ran_out_of_pids() const noexcept;

 private:
  std::string path_;
};

}  // namespace nslaunch::ns
