#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace nslaunch::inspect {

/// A mount that a shard has and we don't.
struct Mount {
  std::uint64_t id = 0;  ///< sys::MountLine's
  std::string path;
  std::string type;  ///< "tmpfs", "proc", ...
  /// Whether its file system is mounted nowhere here, rather than one of ours that its user mounted there.
  bool is_new = false;
  struct Usage {
    std::uint64_t used_bytes;
    std::uint64_t limit_bytes;
    std::uint64_t files;
  };
  std::optional<Usage> usage{};  ///< of a new tmpfs, by contents_of()
};

/// The mounts of the shard whose init has this pid here that are not ours as well, in the order in which they
/// were made. Empty if they can't be read, e.g. if the shard's owner blocks every reader (K66). The caller
/// must have only one thread.
std::vector<Mount> own_mounts(pid_t init);

/// The mount points in our own view, in the order in which they were mounted.
std::vector<std::string> mount_points();

}  // namespace nslaunch::inspect
