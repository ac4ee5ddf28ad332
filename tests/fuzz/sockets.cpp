// The kernel's answers to a question for sockets (sock_diag(7)), message by message.
#include <linux/netlink.h>

#include "input.hpp"
#include "ns/net/socket.hpp"

namespace {

using namespace nslaunch;

void try_message(nlmsghdr* message, ns::Protocol protocol) {
  const auto socket = ns::read_socket(message, protocol);
  if (!socket) return;
  fuzz::require(socket->protocol == protocol, "a socket is of the protocol that was asked for");
  fuzz::require(protocol == ns::Protocol::kUnix || socket->local.find(':') != std::string::npos,
                "an address has a port");
  fuzz::require(socket->local.find('\0') == std::string::npos, "a name ends where it ends");
  fuzz::require(!(socket->listening && socket->closing), "what listens is not being closed");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  const auto protocol = static_cast<ns::Protocol>(input.number() % 3);
  const auto text = input.text();
  // Of its own size, so that a look behind its end is seen, and where messages may lie.
  std::vector<std::uint32_t> answer((text.size() + 3) / 4);
  text.copy(reinterpret_cast<char*>(answer.data()), text.size());
  auto left = static_cast<unsigned>(answer.size() * 4);
  for (auto* message = reinterpret_cast<nlmsghdr*>(answer.data()); NLMSG_OK(message, left);
       message = NLMSG_NEXT(message, left)) {
    try_message(message, protocol);
  }
  return 0;
}
