#pragma once

#include <vector>

#include "inspect/snapshot/shard.hpp"

namespace nslaunch::inspect {

/// A socket that waits for clients.
struct Port {
  OwnedSocket listener;
  std::size_t connections = 0;  ///< that were made to it and are still open (TCP)
  /// Processes of another process group listen on the same port (SO_REUSEPORT): clients reach now one, now
  /// the other.
  bool shared = false;
};

/// The number behind the last colon of an address; 0 for a Unix socket.
unsigned port_number(const ns::Socket& socket);

/// What the shard listens on, in the order of protocol and number.
std::vector<Port> ports_among(const std::vector<OwnedSocket>& sockets, const std::vector<Member>& members);

/// Those of the members that have one of them open.
std::vector<Member> owners_of(const std::vector<Port>& ports, const std::vector<Member>& members);

}  // namespace nslaunch::inspect
