#pragma once

#include <cstdint>

namespace nslaunch::ns {

/// What a shard may use; 0: what there is.
struct ShardLimits {
  std::uint64_t memory = 0;  ///< bytes, with what lies in its tmpfs; no swap besides
  std::uint64_t pids = 0;    ///< processes and threads
};

}  // namespace nslaunch::ns
