#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "sys/base/fd.hpp"

namespace nslaunch::shard {

/// Notices when somebody outside removes the directory that a --private or --overlay mount covers: the kernel
/// then detaches the mount and the shard would go on with the host's files (K12).
class MountWatch {
 public:
  /// The mount of which this is a descriptor must stay in the namespace: known by its number, which is
  /// returned. Throws Error where the kernel does not tell it.
  std::uint64_t watch(int mount);

  /// Has POLLPRI when a mount has come or gone; -1 where nothing is watched.
  int fd() const noexcept { return mountinfo_.get(); }
  /// Which one of those watched, in their order, is no longer mounted.
  std::optional<int> first_lost() const;

 private:
  sys::Fd mountinfo_;
  std::vector<std::uint64_t> watched_;
};

}  // namespace nslaunch::shard
