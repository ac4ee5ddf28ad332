#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "inspect/snapshot/mounts.hpp"

namespace nslaunch::inspect {

/// What an entry of a directory holds.
struct Usage {
  std::string name;
  std::uint64_t bytes = 0;  ///< in memory, with all that lies below it
};

/// What a shard has in memory.
struct Contents {
  /// The largest entries of its /tmp, largest first; nothing where that is no tmpfs of its own, or could not
  /// be looked at.
  std::optional<std::vector<Usage>> tmp;
  std::vector<std::string> unseen;  ///< what was not looked at, and why: a line each
};

/// Of the shard whose init has this pid here; says of those of its mounts that are a tmpfs how full they are.
/// At most `most` entries. Nothing is asked that is mounted below them, no link of the shard's is followed,
/// and whoever shows a file system on the way costs no more than 3 s.
Contents contents_of(pid_t init, std::vector<Mount>& mounts, std::size_t most);

}  // namespace nslaunch::inspect
