#pragma once

#include <nslaunch/registry.hpp>

#include <sys/un.h>

#include <optional>
#include <string>

#include "registry/place/directories.hpp"
#include "sys/base/clock.hpp"
#include "sys/base/fd.hpp"

namespace nslaunch::registry {

/// The address of a socket in an open directory, however long the directory's path is.
sockaddr_un address_in(int directory, const std::string& name);

/// Connects to the control sockets of shards that list_shards returned: consecutive ones in the same
/// directory cost little.
class Controls {
 public:
  /// `patience`: until when to wait for peers whose queue is full, for all of them together; by default not
  /// at all.
  explicit Controls(std::optional<sys::Deadline> patience = std::nullopt) : patience_(patience) {}

  /// Connects to the shard's recorded init, and to no other process: the socket is the owner's own, no link,
  /// and that process listens on it. The connection never blocks (O_NONBLOCK), and that init can send no
  /// descriptors on it until sys::take_descriptors() allows it. Throws Error if it can't connect.
  sys::Fd connect(const ShardEntry& entry);

 private:
  const Directory& directory_of(const ShardEntry& entry, const std::string& doing);

  std::optional<sys::Deadline> patience_;
  std::optional<Directory> directory_;
};

}  // namespace nslaunch::registry
