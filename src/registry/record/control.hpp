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

/// Connects to the control sockets of shards that list_shards showed: one after the other of the same
/// directory costs little.
class Controls {
 public:
  /// `patience`: till when to wait for peers that take nobody in, for all of them together; by default not at
  /// all.
  explicit Controls(std::optional<sys::Deadline> patience = std::nullopt) : patience_(patience) {}

  /// A connection to the shard's recorded init, and to nobody else: the socket is the owner's own, no link,
  /// and who listens on it is that process. It never waits (O_NONBLOCK), and that init can send no
  /// descriptors on it until sys::take_descriptors() says otherwise. Throws Error where there is none.
  sys::Fd connect(const ShardEntry& entry);

 private:
  const Directory& directory_of(const ShardEntry& entry, const std::string& doing);

  std::optional<sys::Deadline> patience_;
  std::optional<Directory> directory_;
};

}  // namespace nslaunch::registry
