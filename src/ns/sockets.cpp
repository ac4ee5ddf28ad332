#include "ns/sockets.hpp"

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <exception>

#include "ns/netlink.hpp"
#include "sys/check.hpp"

namespace nslaunch::ns {
namespace {

constexpr std::uint32_t kAllStates = ~0U;
/// As much as the kernel puts into one message of a dump (netlink_dump in its net/netlink/af_netlink.c). With
/// a size of its own libnl does without asking for each message's first.
constexpr std::size_t kMessageRoom = 32 << 10;

/// What the callbacks of one dump share. An exception must not pass through libnl's C frames.
struct Dump {
  std::vector<Socket>& sockets;
  Protocol protocol;
  std::exception_ptr failure;
  int done_error = 0;  ///< negative errno that the kernel put into the end-of-dump message
};

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
  if (nlattr* uid = attribute(UNIX_DIAG_UID)) socket.uid = nla_get_u32(uid);
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
const Message* payload(nlmsghdr* header) {
  if (nlmsg_datalen(header) < static_cast<int>(sizeof(Message))) return nullptr;
  return static_cast<const Message*>(nlmsg_data(header));
}

int on_socket(nl_msg* message, void* argument) {
  auto& dump = *static_cast<Dump*>(argument);
  nlmsghdr* header = nlmsg_hdr(message);
  if (header->nlmsg_type != SOCK_DIAG_BY_FAMILY && header->nlmsg_type != TCPDIAG_GETSOCK) return NL_SKIP;
  try {
    if (dump.protocol == Protocol::kUnix) {
      if (const auto* found = payload<unix_diag_msg>(header))
        dump.sockets.push_back(unix_socket(header, *found));
    } else if (const auto* found = payload<inet_diag_msg>(header)) {
      dump.sockets.push_back(inet_socket(dump.protocol, *found));
    }
  } catch (...) {
    dump.failure = std::current_exception();
    return NL_STOP;
  }
  return NL_OK;
}

int on_end_of_dump(nl_msg* message, void* argument) {
  // libnl 3.7 does not look at it: a family whose module is missing says so only here (K24).
  if (const int* error = payload<int>(nlmsg_hdr(message))) static_cast<Dump*>(argument)->done_error = *error;
  return NL_OK;
}

template <typename Request>
void dump(nl_sock* socket, const Request& request, Protocol protocol, std::vector<Socket>& sockets,
          int type = SOCK_DIAG_BY_FAMILY) {
  const NlMessage message(nlmsg_alloc_simple(type, NLM_F_DUMP));
  auto copy = request;
  if (!message) throw Error({NLE_NOMEM, netlink_category()}, "asking the kernel for its sockets");
  check_netlink(nlmsg_append(message.get(), &copy, sizeof copy, NLMSG_ALIGNTO),
                "asking the kernel for its sockets");
  check_netlink(nl_send_auto(socket, message.get()), "asking the kernel for its sockets");

  Dump state{sockets, protocol, nullptr};
  nl_socket_modify_cb(socket, NL_CB_VALID, NL_CB_CUSTOM, on_socket, &state);
  nl_socket_modify_cb(socket, NL_CB_FINISH, NL_CB_CUSTOM, on_end_of_dump, &state);
  int result = nl_recvmsgs_default(socket);
  if (state.failure) std::rethrow_exception(state.failure);
  if (result >= 0 && state.done_error < 0) result = -nl_syserr2nlerr(state.done_error);
  if (result == -NLE_OBJ_NOTFOUND) return;  // ENOENT: this kernel has no such family, or not its module
  check_netlink(result, "listing the kernel's sockets");
}

void dump_inet(nl_sock* socket, int family, int number, Protocol protocol, std::vector<Socket>& sockets) {
  inet_diag_req_v2 request = {};
  request.sdiag_family = static_cast<std::uint8_t>(family);
  request.sdiag_protocol = static_cast<std::uint8_t>(number);
  request.idiag_states = kAllStates;
  dump(socket, request, protocol, sockets);
}

void dump_unix(nl_sock* socket, std::vector<Socket>& sockets) {
  unix_diag_req request = {};
  request.sdiag_family = AF_UNIX;
  request.udiag_states = kAllStates;
  request.udiag_show = UDIAG_SHOW_NAME | UDIAG_SHOW_RQLEN | UDIAG_SHOW_UID;
  dump(socket, request, Protocol::kUnix, sockets);
}

void prepare(nl_sock* socket) {
  nl_socket_disable_auto_ack(socket);
  check_netlink(nl_socket_set_msg_buf_size(socket, kMessageRoom), "making room for the kernel's sockets");
}

std::vector<Socket> list_sockets(nl_sock* socket) {
  prepare(socket);
  std::vector<Socket> sockets;
  for (const int family : {AF_INET, AF_INET6}) {
    dump_inet(socket, family, IPPROTO_TCP, Protocol::kTcp, sockets);
    dump_inet(socket, family, IPPROTO_UDP, Protocol::kUdp, sockets);
  }
  dump_unix(socket, sockets);
  return sockets;
}

NlSocket use(sys::Fd diagnostics) {
  NlSocket socket(nl_socket_alloc());
  if (!socket) throw Error(std::make_error_code(std::errc::not_enough_memory), "making a netlink socket");
  check_netlink(nl_socket_set_fd(socket.get(), NETLINK_SOCK_DIAG, diagnostics.get()),
                "using the shard's netlink socket");
  diagnostics.release();
  return socket;
}

}  // namespace

const char* name_of(Protocol protocol) noexcept {
  return protocol == Protocol::kTcp ? "tcp" : protocol == Protocol::kUdp ? "udp" : "unix";
}

const char* state_of(const Socket& socket) noexcept {
  return socket.listening ? "listens" : socket.closing ? "closing" : "connected";
}

std::vector<Socket> list_sockets() {
  return list_sockets(connect_netlink(NETLINK_SOCK_DIAG).get());
}

std::vector<Socket> list_sockets(sys::Fd diagnostics) {
  return list_sockets(use(std::move(diagnostics)).get());
}

std::vector<Socket> list_tcp_listeners() {
  const auto socket = connect_netlink(NETLINK_SOCK_DIAG);
  prepare(socket.get());
  std::vector<Socket> sockets;
  inet_diag_req request = {};
  request.idiag_states = 1U << TCP_LISTEN;
  dump(socket.get(), request, Protocol::kTcp, sockets, TCPDIAG_GETSOCK);
  return sockets;
}

sys::Fd open_socket_diagnostics() {
  return sys::Fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG));
}

}  // namespace nslaunch::ns
