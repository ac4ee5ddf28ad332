#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace nslaunch::ns {

/// The limits of a shard; 0: none.
struct ShardLimits {
  std::uint64_t memory = 0;  ///< bytes, including its tmpfs; no swap in addition
  std::uint64_t pids = 0;    ///< processes and threads
};

/// A line of /proc/PID/cgroup (cgroups(7)).
struct CgroupLine {
  std::string controllers;  ///< "memory,pids"; empty: version 2
  std::string path;         ///< below the mount, from "/" on
  bool is_version_2 = false;
};

/// Lines of any other form are skipped.
std::vector<CgroupLine> parse_cgroup(const std::string& text);

/// Our own; none if they can't be read.
std::vector<CgroupLine> own_cgroups();

/// Whether the line has the controller.
bool has_controller(const CgroupLine& line, const std::string& controller);

/// Throws the Error that make_group_for() would, as far as that can be determined without changing anything.
void check_delegation(const ShardLimits& limits);

/// Makes a group for a shard below the launcher's, which the launcher may have to leave first, and returns
/// its path. Throws as check_delegation() does.
std::string make_group_for(const std::string& id, const ShardLimits& limits);

/// Throws the Error for a shard that can't have its limits.
[[noreturn]] void refuse_limits(int error, const std::string& why);

}  // namespace nslaunch::ns
