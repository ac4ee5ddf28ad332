#include "ns/net/socket.hpp"

namespace nslaunch::ns {

const char* name_of(Protocol protocol) noexcept {
  return protocol == Protocol::kTcp ? "tcp" : protocol == Protocol::kUdp ? "udp" : "unix";
}

const char* state_of(const Socket& socket) noexcept {
  return socket.listening ? "listens" : socket.closing ? "closing" : "connected";
}

}  // namespace nslaunch::ns
