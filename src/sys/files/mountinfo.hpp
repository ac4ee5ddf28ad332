#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace nslaunch::sys {

/// A line of /proc/PID/mountinfo (proc(5)).
struct MountLine {
  std::uint64_t id = 0;
  std::string device;         ///< "0:45"
  std::string root;           ///< the part of its file system that is mounted
  std::string path;           ///< where
  std::string options;        ///< of the mount: "rw,nosuid"
  std::string type;           ///< "tmpfs", "proc", ...
  std::string super_options;  ///< of the file system: "rw,size=1024k"
};

/// In mount order. Escapes such as \040 are decoded.
std::vector<MountLine> parse_mountinfo(const std::string& text);

/// That of a process, by its pid or "self"; empty if it can't be read. The owner of another process may block
/// us for ever (K66).
std::string read_mountinfo(const std::string& process);

/// Those of our own mount namespace; none if they can't be read.
std::vector<MountLine> mounts_here();

}  // namespace nslaunch::sys
