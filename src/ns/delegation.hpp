#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace nslaunch::ns {

/// What a shard may use; 0: what there is.
struct ShardLimits {
  std::uint64_t memory = 0;  ///< bytes, with what lies in its tmpfs; no swap besides
  std::uint64_t pids = 0;    ///< processes and threads
};

/// A line of /proc/PID/cgroup (cgroups(7)).
struct CgroupLine {
  std::string controllers;  ///< "memory,pids"; empty: version 2
  std::string path;         ///< below the mount, from "/" on
  bool is_version_2 = false;
};

/// What is no such line is left out.
std::vector<CgroupLine> parse_cgroup(const std::string& text);

/// Our own; none where they can't be seen.
std::vector<CgroupLine> own_cgroups();

/// Whether the controller is one of the line's.
bool has_controller(const CgroupLine& line, const std::string& controller);

/// Throws the Error that make_group_for() would, as far as that can be told without changing anything.
void check_delegation(const ShardLimits& limits);

/// Makes a group for a shard below the launcher's, which the launcher may have to leave for that, and returns
/// its path. Throws as check_delegation() does.
std::string make_group_for(const std::string& id, const ShardLimits& limits);

/// Throws the Error of a shard that can't have its limits.
[[noreturn]] void refuse_limits(int error, const std::string& why);

}  // namespace nslaunch::ns
