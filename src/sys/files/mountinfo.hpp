#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace nslaunch::sys {

/// A line of /proc/PID/mountinfo (proc(5)).
struct MountLine {
  std::uint64_t id = 0;
  std::string device;         ///< "0:45"
  std::string root;           ///< what of its file system is mounted
  std::string path;           ///< where
  std::string options;        ///< of the mount: "rw,nosuid"
  std::string type;           ///< "tmpfs", "proc", ...
  std::string super_options;  ///< of the file system: "rw,size=1024k"
};

/// In the order in which they were mounted. What mountinfo writes as \040 and the like is what it stands for.
std::vector<MountLine> parse_mountinfo(const std::string& text);

/// That of a process, by its number or "self"; empty where it can't be seen. Whoever owns another may keep us
/// waiting for ever (K66).
std::string read_mountinfo(const std::string& process);

/// Those of our own mount namespace; none where they can't be seen.
std::vector<MountLine> mounts_here();

}  // namespace nslaunch::sys
