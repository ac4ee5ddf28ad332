#pragma once

#include <nslaunch/registry.hpp>

#include <sys/un.h>

#include <optional>
#include <string>

#include "registry/folders.hpp"
#include "sys/fd.hpp"

namespace nslaunch::registry {

/// The address of a socket in an open folder, however long the folder's path is.
sockaddr_un address_in(int folder, const std::string& name);

/// Connects to the control sockets of shards that list_shards showed: one after the other of the same folder
/// costs little.
class Controls {
 public:
  /// Throws Error where there is none. The connection waits for its peer for 3 s at most.
  sys::Fd connect(const ShardEntry& entry);

 private:
  std::optional<Folder> folder_;
};

}  // namespace nslaunch::registry
