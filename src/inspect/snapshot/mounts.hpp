#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace nslaunch::inspect {

/// A mount that a shard has and we have not.
struct Mount {
  std::uint64_t id = 0;  ///< sys::MountLine's
  std::string path;
  std::string type;  ///< "tmpfs", "proc", ...
  /// Of a file system that we have nowhere, and not one of ours that its user has mounted there.
  bool is_new = false;
  struct Usage {
    std::uint64_t used_bytes;
    std::uint64_t limit_bytes;
    std::uint64_t files;
  };
  std::optional<Usage> usage{};  ///< of a tmpfs, by contents_of()
};

/// The mounts of the shard whose init has this pid here that are not ours, too, in the order in which they
/// were made. Empty where they can't be seen, as when its owner lets nobody look at it (K66). The caller must
/// have one thread only.
std::vector<Mount> own_mounts(pid_t init);

/// Where something is mounted as we see it, in the order in which it was.
std::vector<std::string> mount_points();

}  // namespace nslaunch::inspect
