#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace nslaunch::inspect {

/// A mount that a shard has and we have not.
struct Mount {
  std::string path;
  std::string type;  ///< "tmpfs", "proc", ...
  /// Of a tmpfs.
  struct Usage {
    std::uint64_t used_bytes;
    std::uint64_t limit_bytes;
    std::uint64_t files;
  };
  std::optional<Usage> usage;
};

/// The mounts of the shard whose init has this pid here that are not ours, too, in the order in which they
/// were made. Empty where they can't be seen.
std::vector<Mount> own_mounts(pid_t init);

/// Where something is mounted as we see it, in the order in which it was.
std::vector<std::string> mount_points();

/// What an entry of a folder holds.
struct Usage {
  std::string name;
  std::uint64_t bytes = 0;  ///< on disk, with all that lies below it
};

/// The largest entries of a folder as the process sees it, largest first, at most `most`; of a folder with
/// very many files, some are not counted.
std::vector<Usage> largest_entries(pid_t process, const std::string& folder, std::size_t most);

}  // namespace nslaunch::inspect
