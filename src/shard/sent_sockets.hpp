#pragma once

#include <vector>

#include "sys/fd.hpp"

namespace nslaunch::shard {

/// Descriptors that a peer chooses: closing one may wait for whoever serves the file, or for a connection's
/// last bytes (K54).

/// As long as it lives the peer of this connection, which takes no descriptors else, can send some. What has
/// come by its end and is not wanted is dropped.
class OpenToSockets {
 public:
  explicit OpenToSockets(const sys::Fd& connection) noexcept;
  OpenToSockets(const OpenToSockets&) = delete;
  OpenToSockets& operator=(const OpenToSockets&) = delete;
  ~OpenToSockets();

 private:
  const sys::Fd& connection_;
};

/// The TCP socket that came, and that alone: empty where it is anything else. Closing it waits for nothing.
sys::Fd only_socket(std::vector<sys::Fd> descriptors) noexcept;

}  // namespace nslaunch::shard
