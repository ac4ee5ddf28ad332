#include "ns/net/net.hpp"

#include <arpa/inet.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>

#include "ns/net/netlink.hpp"
#include "sys/base/check.hpp"
#include "sys/base/clock.hpp"
#include "sys/base/fd.hpp"

namespace nslaunch::ns {
namespace {

/// Sends one datagram from an address to itself.
bool carries_datagram(const sockaddr* address, socklen_t length) {
  const sys::Fd socket(::socket(address->sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket || ::bind(socket.get(), address, length) != 0) return false;
  sockaddr_storage bound = {};
  socklen_t bound_length = sizeof bound;
  auto* own = reinterpret_cast<sockaddr*>(&bound);
  char byte = 'x';
  return ::getsockname(socket.get(), own, &bound_length) == 0 &&
         ::connect(socket.get(), own, bound_length) == 0 && ::send(socket.get(), &byte, 1, 0) == 1 &&
         ::recv(socket.get(), &byte, 1, MSG_DONTWAIT) == 1;
}

bool ipv4_answers() {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return carries_datagram(reinterpret_cast<sockaddr*>(&address), sizeof address);
}

/// ::1 is on the same link, so a successful bind (impossible while it is tentative) is proof enough. A kernel
/// without IPv6 has no such socket, and nothing to wait for.
bool ipv6_answers() {
  sockaddr_in6 address = {};
  address.sin6_family = AF_INET6;
  address.sin6_addr = in6addr_loopback;
  const sys::Fd socket(::socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  return !socket || ::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
}

NlSocket listen_for_addresses() {
  auto socket = connect_netlink(NETLINK_ROUTE);
  check_netlink(
      nl_socket_add_memberships(socket.get(), RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR, RTNLGRP_NONE),
      "listening for new addresses");
  return socket;
}

}  // namespace

void bring_loopback_up() {
  // The old ioctl, not libnl: a netlink request for the same costs a shard 100 µs more (measured).
  const sys::Fd socket(
      sys::check(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "opening a socket to set lo up"));
  ifreq request = {};
  std::strcpy(request.ifr_name, "lo");
  request.ifr_flags = IFF_UP;
  sys::check(::ioctl(socket.get(), SIOCSIFFLAGS, &request), "setting lo up");
}

void wait_for_loopback(bool with_ipv6) {
  const auto answers = [&] { return ipv4_answers() && (!with_ipv6 || ipv6_answers()); };
  if (answers()) return;
  // Listening starts before the next look, so no address can appear unnoticed between the two.
  const auto events = listen_for_addresses();
  const sys::Deadline deadline(std::chrono::seconds{1});
  while (!answers()) {
    pollfd watched = {nl_socket_get_fd(events.get()), POLLIN, 0};
    const int ready = sys::retry_on_eintr([&] { return ::poll(&watched, 1, deadline.poll_timeout()); });
    if (ready == 0) throw Error(sys::errno_code(ENETUNREACH), "waiting for lo to answer");
    char event[4096];
    while (::recv(watched.fd, event, sizeof event, MSG_DONTWAIT) > 0) {
    }
  }
}

}  // namespace nslaunch::ns
