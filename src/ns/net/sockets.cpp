#include "ns/net/sockets.hpp"

#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <chrono>
#include <exception>

#include "ns/net/netlink.hpp"
#include "ns/net/socket.hpp"
#include "sys/base/check.hpp"
#include "sys/base/clock.hpp"

namespace nslaunch::ns {
namespace {

constexpr std::uint32_t kAllStates = ~0U;
/// The maximum size of one message of a kernel dump (netlink_dump in its net/netlink/af_netlink.c). With a
/// fixed buffer size libnl does not query the size of each message first.
constexpr std::size_t kMessageRoom = 32 << 10;

/// For all dumps together; the namespace's owner decides how much there is to list.
constexpr std::chrono::seconds kDumpLimit{10};

Error took_too_long() {
  return {sys::errno_code(ETIMEDOUT), "listing the kernel's sockets"};
}

/// ENOBUFS: the socket had no room for the kernel's reply.
Error is_flooded() {
  return {sys::errno_code(ENOBUFS), "listing the kernel's sockets",
          "Somebody in that network writes to the socket that asks for them: try again."};
}

/// What the callbacks of one dump share. An exception must not pass through libnl's C frames.
struct Dump {
  std::vector<Socket>& sockets;
  Protocol protocol;
  const sys::Deadline& deadline;
  std::exception_ptr failure{};
  bool is_done = false;
  int done_error = 0;  ///< negative errno that the kernel put into the end-of-dump message
};

/// The owner of the network namespace may write to our socket, and so keep the kernel's messages from
/// arriving: messages of others are skipped, whatever they contain, and no longer than until the deadline.
int on_message(nl_msg* message, void* argument) {
  auto& dump = *static_cast<Dump*>(argument);
  if (dump.deadline.passed()) {
    dump.failure = std::make_exception_ptr(took_too_long());
    return NL_STOP;
  }
  return nlmsg_get_src(message)->nl_pid == 0 ? NL_OK : NL_SKIP;
}

int on_socket(nl_msg* message, void* argument) {
  auto& dump = *static_cast<Dump*>(argument);
  nlmsghdr* header = nlmsg_hdr(message);
  if (header->nlmsg_type != SOCK_DIAG_BY_FAMILY && header->nlmsg_type != TCPDIAG_GETSOCK) return NL_SKIP;
  try {
    if (auto socket = read_socket(header, dump.protocol)) dump.sockets.push_back(std::move(*socket));
  } catch (...) {
    dump.failure = std::current_exception();
    return NL_STOP;
  }
  return NL_OK;
}

int on_end_of_dump(nl_msg* message, void* argument) {
  // libnl 3.7 ignores its content: a family whose module is missing is reported only here (K24).
  nlmsghdr* header = nlmsg_hdr(message);
  auto& dump = *static_cast<Dump*>(argument);
  dump.is_done = true;
  if (nlmsg_datalen(header) >= static_cast<int>(sizeof(int)))
    dump.done_error = *static_cast<const int*>(nlmsg_data(header));
  return NL_OK;
}

template <typename Request>
void dump(nl_sock* socket, const Request& request, Protocol protocol, std::vector<Socket>& sockets,
          const sys::Deadline& deadline, int type = SOCK_DIAG_BY_FAMILY) {
  const NlMessage message(nlmsg_alloc_simple(type, NLM_F_DUMP));
  auto copy = request;
  if (!message) throw Error({NLE_NOMEM, netlink_category()}, "asking the kernel for its sockets");
  check_netlink(nlmsg_append(message.get(), &copy, sizeof copy, NLMSG_ALIGNTO),
                "asking the kernel for its sockets");
  check_netlink(nl_send_auto(socket, message.get()), "asking the kernel for its sockets");

  Dump state{sockets, protocol, deadline};
  nl_socket_modify_cb(socket, NL_CB_MSG_IN, NL_CB_CUSTOM, on_message, &state);
  nl_socket_modify_cb(socket, NL_CB_VALID, NL_CB_CUSTOM, on_socket, &state);
  nl_socket_modify_cb(socket, NL_CB_FINISH, NL_CB_CUSTOM, on_end_of_dump, &state);
  int result = 0;
  // A message that is too long is not the kernel's (K68).
  while ((result >= 0 || result == -NLE_MSG_TRUNC) && !state.is_done && !state.failure && !deadline.passed())
    result = nl_recvmsgs_default(socket);
  if (state.failure) std::rethrow_exception(state.failure);
  const bool is_left = result >= 0 || result == -NLE_MSG_TRUNC;
  if (result == -NLE_AGAIN || (is_left && !state.is_done)) throw took_too_long();
  if (result == -NLE_NOMEM) throw is_flooded();
  if (result >= 0 && state.done_error < 0) result = -nl_syserr2nlerr(state.done_error);
  if (result == -NLE_OBJ_NOTFOUND) return;  // ENOENT: this kernel lacks the family, or its module
  check_netlink(result, "listing the kernel's sockets");
}

void dump_inet(nl_sock* socket, int family, int number, Protocol protocol, std::vector<Socket>& sockets,
               const sys::Deadline& deadline) {
  inet_diag_req_v2 request = {};
  request.sdiag_family = static_cast<std::uint8_t>(family);
  request.sdiag_protocol = static_cast<std::uint8_t>(number);
  request.idiag_states = kAllStates;
  dump(socket, request, protocol, sockets, deadline);
}

void dump_unix(nl_sock* socket, std::vector<Socket>& sockets, const sys::Deadline& deadline) {
  unix_diag_req request = {};
  request.sdiag_family = AF_UNIX;
  request.udiag_states = kAllStates;
  request.udiag_show = UDIAG_SHOW_NAME | UDIAG_SHOW_RQLEN | UDIAG_SHOW_UID;
  dump(socket, request, Protocol::kUnix, sockets, deadline);
}

void prepare(nl_sock* socket) {
  nl_socket_disable_auto_ack(socket);
  check_netlink(nl_socket_set_msg_buf_size(socket, kMessageRoom), "making room for the kernel's sockets");
  const timeval limit = {.tv_sec = kDumpLimit.count(), .tv_usec = 0};
  sys::check(::setsockopt(nl_socket_get_fd(socket), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit),
             "limiting the wait for the kernel's sockets");
}

std::vector<Socket> list_sockets(nl_sock* socket) {
  prepare(socket);
  const sys::Deadline deadline(kDumpLimit);
  std::vector<Socket> sockets;
  for (const int family : {AF_INET, AF_INET6}) {
    dump_inet(socket, family, IPPROTO_TCP, Protocol::kTcp, sockets, deadline);
    dump_inet(socket, family, IPPROTO_UDP, Protocol::kUdp, sockets, deadline);
  }
  dump_unix(socket, sockets, deadline);
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
  dump(socket.get(), request, Protocol::kTcp, sockets, sys::Deadline(kDumpLimit), TCPDIAG_GETSOCK);
  return sockets;
}

sys::Fd open_socket_diagnostics() {
  return sys::Fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG));
}

}  // namespace nslaunch::ns
