#include "support/listeners.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cstring>
#include <stdexcept>

#include "sys/base/check.hpp"

namespace nslaunch::test {
namespace {

struct Address {
  sockaddr_storage storage = {};
  socklen_t length = 0;
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

Address inet_address(const std::string& text, std::uint16_t port) {
  Address address;
  auto* v4 = reinterpret_cast<sockaddr_in*>(&address.storage);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&address.storage);
  if (::inet_pton(AF_INET, text.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    address.length = sizeof *v4;
  } else if (::inet_pton(AF_INET6, text.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    address.length = sizeof *v6;
  } else {
    throw std::invalid_argument("no address: " + text);
  }
  return address;
}

sys::Fd open_socket(int family, int type) {
  return sys::Fd(sys::check(::socket(family, type | SOCK_CLOEXEC, 0), "opening a socket"));
}

void set(const sys::Fd& socket, int option) {
  const int on = 1;
  sys::check(::setsockopt(socket.get(), SOL_SOCKET, option, &on, sizeof on), "setting a socket option");
}

}  // namespace

sys::Fd listen_tcp(const std::string& text, std::uint16_t port, int backlog, bool reuse_port) {
  const Address address = inet_address(text, port);
  auto socket = open_socket(address.storage.ss_family, SOCK_STREAM);
  set(socket, reuse_port ? SO_REUSEPORT : SO_REUSEADDR);
  sys::check(::bind(socket.get(), address.get(), address.length), "binding {} port {}", text, port);
  sys::check(::listen(socket.get(), backlog), "listening on {} port {}", text, port);
  return socket;
}

sys::Fd bind_udp(const std::string& text, std::uint16_t port) {
  const Address address = inet_address(text, port);
  auto socket = open_socket(address.storage.ss_family, SOCK_DGRAM);
  sys::check(::bind(socket.get(), address.get(), address.length), "binding udp {} port {}", text, port);
  return socket;
}

sys::Fd listen_unix(const std::string& name, int backlog) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (name.size() >= sizeof address.sun_path) throw std::invalid_argument("too long: " + name);
  std::memcpy(address.sun_path, name.data(), name.size());
  auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size() + 1);
  if (name.front() == '@') {
    address.sun_path[0] = '\0';
    --length;
  }
  auto socket = open_socket(AF_UNIX, SOCK_STREAM);
  sys::check(::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), length), "binding {}", name);
  sys::check(::listen(socket.get(), backlog), "listening on {}", name);
  return socket;
}

sys::Fd connect_tcp(const std::string& text, std::uint16_t port) {
  const Address address = inet_address(text, port);
  auto socket = open_socket(address.storage.ss_family, SOCK_STREAM);
  sys::check(::connect(socket.get(), address.get(), address.length), "connecting to {} port {}", text, port);
  return socket;
}

std::uint64_t inode_of(const sys::Fd& fd) {
  struct stat status = {};
  sys::check(::fstat(fd.get(), &status), "looking at a descriptor");
  return status.st_ino;
}

}  // namespace nslaunch::test
