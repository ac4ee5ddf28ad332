#pragma once

#include <vector>

#include "inspect/snapshot/shard.hpp"

namespace nslaunch::inspect {

/// A listening socket.
struct Port {
  OwnedSocket listener;
  std::size_t connections = 0;  ///< open connections to it (TCP)
  /// Processes of another process group listen on the same port (SO_REUSEPORT): a client may reach either.
  bool shared = false;
};

/// The number after the last colon of an address; 0 for a Unix socket.
unsigned port_number(const ns::Socket& socket);

/// The ports that the shard listens on, ordered by protocol and number.
std::vector<Port> ports_among(const std::vector<OwnedSocket>& sockets, const std::vector<Member>& members);

/// The members that have at least one of the ports open.
std::vector<Member> owners_of(const std::vector<Port>& ports, const std::vector<Member>& members);

}  // namespace nslaunch::inspect
