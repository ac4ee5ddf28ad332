#pragma once

#include <string>
#include <vector>

namespace nslaunch::ns {

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

}  // namespace nslaunch::ns
