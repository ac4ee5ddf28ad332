#include "shard/init/listening.hpp"

#include "ns/net/sockets.hpp"

namespace nslaunch::shard {

std::vector<std::string> listening_addresses() noexcept {
  std::vector<std::string> addresses;
  try {
    for (const auto& socket : ns::list_tcp_listeners()) {
      addresses.push_back(socket.local);
    }
  } catch (...) {
    // A shard whose sockets can't be listed can still be entered.
  }
  return addresses;
}

}  // namespace nslaunch::shard
