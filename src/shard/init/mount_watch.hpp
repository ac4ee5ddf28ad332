#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "sys/base/fd.hpp"

namespace nslaunch::shard {

/// Detects that a process outside removes the directory that a --private or --overlay mount covers: the
/// kernel then detaches the mount and the shard would continue with the host's files (K12).
class MountWatch {
 public:
  /// Watches the mount of which this is a descriptor, which must stay in the namespace, and returns its id.
  /// Throws Error if the kernel does not report it.
  std::uint64_t watch(int mount);

  /// Reports POLLPRI when a mount has been added or removed; -1 if nothing is watched.
  int fd() const noexcept { return mountinfo_.get(); }
  /// The first of the watched mounts, by their order, that is no longer mounted.
  std::optional<int> first_lost() const;

 private:
  sys::Fd mountinfo_;
  std::vector<std::uint64_t> watched_;
};

}  // namespace nslaunch::shard
