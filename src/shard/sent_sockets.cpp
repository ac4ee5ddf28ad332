#include "shard/sent_sockets.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

#include <utility>

#include "shard/protocol.hpp"
#include "sys/channel.hpp"

namespace nslaunch::shard {
namespace {

/// Asks nobody but the kernel, as fstat(2) would.
bool is_tcp(const sys::Fd& descriptor) noexcept {
  int protocol = 0;
  socklen_t size = sizeof protocol;
  return ::getsockopt(descriptor.get(), SOL_SOCKET, SO_PROTOCOL, &protocol, &size) == 0 &&
         protocol == IPPROTO_TCP;
}

void let_not_linger(const sys::Fd& socket) noexcept {
  const linger off = {};
  ::setsockopt(socket.get(), SOL_SOCKET, SO_LINGER, &off, sizeof off);
}

/// What may not be closed here stays open till our end.
void drop(std::vector<sys::Fd> descriptors) noexcept {
  for (auto& descriptor : descriptors) {
    if (!is_tcp(descriptor))
      descriptor.release();
    else
      let_not_linger(descriptor);
  }
}

}  // namespace

OpenToSockets::OpenToSockets(const sys::Fd& connection) noexcept : connection_(connection) {
  sys::take_descriptors(connection_, true);
}

OpenToSockets::~OpenToSockets() {
  sys::take_descriptors(connection_, false);
  std::vector<sys::Fd> descriptors;
  constexpr int kMost = 64;  // far more than a queue holds
  for (int count = 0; count < kMost && receive(connection_.get(), false, &descriptors); ++count) continue;
  drop(std::move(descriptors));
}

sys::Fd only_socket(std::vector<sys::Fd> descriptors) noexcept {
  if (descriptors.size() == 1 && is_tcp(descriptors.front())) {
    let_not_linger(descriptors.front());
    return std::move(descriptors.front());
  }
  drop(std::move(descriptors));
  return {};
}

}  // namespace nslaunch::shard
