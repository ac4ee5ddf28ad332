#include "ns/net/socket.hpp"

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/unix_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netlink/msg.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

#include "sys/base/check.hpp"

namespace nslaunch::ns {

const char* name_of(Protocol protocol) noexcept {
  return protocol == Protocol::kTcp ? "tcp" : protocol == Protocol::kUdp ? "udp" : "unix";
}

const char* state_of(const Socket& socket) noexcept {
  return socket.listening ? "listens" : socket.closing ? "closing" : "connected";
}

namespace {

std::string endpoint(int family, const void* address, std::uint16_t port_in_network_order) {
  char text[INET6_ADDRSTRLEN] = "";
  ::inet_ntop(family, address, text, sizeof text);
  const auto port = ntohs(port_in_network_order);
  return family == AF_INET6 ? fmt::format("[{}]:{}", text, port) : fmt::format("{}:{}", text, port);
}

Socket inet_socket(Protocol protocol, const inet_diag_msg& message) {
  Socket socket;
  socket.protocol = protocol;
  // The kernel borrows TCP's states for UDP: CLOSE is bound, ESTABLISHED is connected.
  socket.listening = message.idiag_state == (protocol == Protocol::kTcp ? TCP_LISTEN : TCP_CLOSE);
  constexpr int kOpen[] = {TCP_LISTEN, TCP_ESTABLISHED, TCP_SYN_SENT, TCP_SYN_RECV};
  socket.closing = protocol == Protocol::kTcp &&
                   std::find(std::begin(kOpen), std::end(kOpen), message.idiag_state) == std::end(kOpen);
  socket.local = endpoint(message.idiag_family, message.id.idiag_src, message.id.idiag_sport);
  if (message.id.idiag_dport != 0)
    socket.remote = endpoint(message.idiag_family, message.id.idiag_dst, message.id.idiag_dport);
  socket.inode = message.idiag_inode;
  socket.uid = message.idiag_uid;
  if (message.idiag_state == TCP_LISTEN) {
    socket.queued = message.idiag_rqueue;
    socket.backlog = message.idiag_wqueue;
  }
  return socket;
}

std::string unix_name(nlattr* attribute) {
  std::string name(static_cast<const char*>(nla_data(attribute)),
                   static_cast<std::size_t>(nla_len(attribute)));
  if (name.empty()) return name;
  if (name.front() != '\0') return name.substr(0, name.find('\0'));
  std::replace(name.begin(), name.end(), '\0', '@');  // abstract, as ss shows it
  return name;
}

Socket unix_socket(nlmsghdr* header, const unix_diag_msg& message) {
  const auto attribute = [&](int type) { return nlmsg_find_attr(header, sizeof(unix_diag_msg), type); };
  Socket socket;
  socket.protocol = Protocol::kUnix;
  socket.listening = message.udiag_state == TCP_LISTEN;
  socket.inode = message.udiag_ino;
  if (nlattr* name = attribute(UNIX_DIAG_NAME)) socket.local = unix_name(name);
  nlattr* uid = attribute(UNIX_DIAG_UID);
  if (uid != nullptr && nla_len(uid) >= static_cast<int>(sizeof(std::uint32_t)))
    socket.uid = nla_get_u32(uid);
  nlattr* queue = attribute(UNIX_DIAG_RQLEN);
  if (socket.listening && queue != nullptr && nla_len(queue) >= static_cast<int>(sizeof(unix_diag_rqlen))) {
    unix_diag_rqlen lengths = {};
    std::memcpy(&lengths, nla_data(queue), sizeof lengths);
    socket.queued = lengths.udiag_rqueue;
    socket.backlog = lengths.udiag_wqueue;
  }
  return socket;
}

template <typename Message>
const Message* content(nlmsghdr* header) {
  if (nlmsg_datalen(header) < static_cast<int>(sizeof(Message))) return nullptr;
  return static_cast<const Message*>(nlmsg_data(header));
}

}  // namespace

std::optional<Socket> read_socket(nlmsghdr* message, Protocol protocol) {
  if (protocol == Protocol::kUnix) {
    const auto* found = content<unix_diag_msg>(message);
    return found != nullptr ? std::optional(unix_socket(message, *found)) : std::nullopt;
  }
  const auto* found = content<inet_diag_msg>(message);
  return found != nullptr ? std::optional(inet_socket(protocol, *found)) : std::nullopt;
}

}  // namespace nslaunch::ns
