#include "sys/io/endpoint.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <optional>

namespace nslaunch::sys {
namespace {

struct Endpoint {
  union {
    sockaddr any;
    sockaddr_in v4;
    sockaddr_in6 v6;
  };
  socklen_t size;
};

std::optional<Endpoint> parse(const std::string& address, std::uint16_t port) {
  Endpoint endpoint = {};
  if (::inet_pton(AF_INET, address.c_str(), &endpoint.v4.sin_addr) == 1) {
    endpoint.v4.sin_family = AF_INET;
    endpoint.v4.sin_port = htons(port);
    endpoint.size = sizeof endpoint.v4;
  } else if (::inet_pton(AF_INET6, address.c_str(), &endpoint.v6.sin6_addr) == 1) {
    endpoint.v6.sin6_family = AF_INET6;
    endpoint.v6.sin6_port = htons(port);
    endpoint.size = sizeof endpoint.v6;
  } else {
    errno = EINVAL;
    return std::nullopt;
  }
  return endpoint;
}

Fd open_socket(const Endpoint& endpoint) {
  return Fd(::socket(endpoint.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
}

void set(const Fd& socket, int level, int option) {
  constexpr int kOn = 1;
  ::setsockopt(socket.get(), level, option, &kOn, sizeof kOn);
}

}  // namespace

Fd listen_tcp(const std::string& address, std::uint16_t port) {
  const auto endpoint = parse(address, port);
  if (!endpoint) return {};
  auto socket = open_socket(*endpoint);
  if (!socket) return {};
  set(socket, SOL_SOCKET, SO_REUSEADDR);
  // A v6 socket leaves the v4 port of that number to others.
  if (endpoint->any.sa_family == AF_INET6) set(socket, IPPROTO_IPV6, IPV6_V6ONLY);
  if (::bind(socket.get(), &endpoint->any, endpoint->size) != 0 || ::listen(socket.get(), SOMAXCONN) != 0)
    return {};
  return socket;
}

Fd begin_to_connect(const std::string& address, std::uint16_t port) {
  const auto endpoint = parse(address, port);
  if (!endpoint) return {};
  auto socket = open_socket(*endpoint);
  if (!socket) return {};
  if (::connect(socket.get(), &endpoint->any, endpoint->size) != 0 && errno != EINPROGRESS) return {};
  return socket;
}

std::uint16_t port_of(const Fd& socket) {
  Endpoint endpoint = {};
  endpoint.size = sizeof endpoint.v6;
  if (::getsockname(socket.get(), &endpoint.any, &endpoint.size) != 0) return 0;
  // The port is at the same offset in both.
  return ntohs(endpoint.v4.sin_port);
}

bool is_address(const std::string& address) {
  return parse(address, 0).has_value();
}

std::string endpoint_name(const std::string& address, std::uint16_t port) {
  const bool v6 = address.find(':') != std::string::npos;
  return (v6 ? "[" + address + "]:" : address + ":") + std::to_string(port);
}

}  // namespace nslaunch::sys
