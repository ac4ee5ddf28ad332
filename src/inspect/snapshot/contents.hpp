#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "inspect/snapshot/mounts.hpp"

namespace nslaunch::inspect {

/// The size of a directory entry.
struct Usage {
  std::string name;
  std::uint64_t bytes = 0;  ///< in memory, including everything below it
};

/// What a shard stores in memory.
struct Contents {
  /// The largest entries of its /tmp, largest first; nullopt if that is not a tmpfs of its own, or could not
  /// be examined.
  std::optional<std::vector<Usage>> tmp;
  std::vector<std::string> unseen;  ///< what was not examined, and why: one line each
};

/// The contents of the shard whose init has this pid here. Also sets the usage of those of its `mounts` that
/// are a new tmpfs. Returns at most `most` entries. Examines nothing that is mounted below them, follows no
/// link of the shard's, and waits at most 3 s for file systems on the path.
Contents contents_of(pid_t init, std::vector<Mount>& mounts, std::size_t most);

}  // namespace nslaunch::inspect
