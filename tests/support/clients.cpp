#include "support/clients.hpp"

#include <netinet/in.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>

#include "support/process.hpp"
#include "sys/base/files.hpp"

namespace nslaunch::test {

std::string read_all(const sys::Fd& socket) {
  std::string text;
  char bytes[65536];
  for (;;) {
    pollfd watched = {socket.get(), POLLIN, 0};
    const auto patience = static_cast<int>(std::chrono::milliseconds(kPatience).count());
    if (::poll(&watched, 1, patience) != 1) return text + " and then nothing";
    const auto count = ::read(socket.get(), bytes, sizeof bytes);
    if (count < 0) return "reset";
    if (count == 0) return text;
    text.append(bytes, static_cast<std::size_t>(count));
  }
}

std::string answer_to(const sys::Fd& socket, const std::string& text) {
  if (sys::write_all(socket.get(), text) != 0) return "not written";
  ::shutdown(socket.get(), SHUT_WR);
  return read_all(socket);
}

void close_with_reset(sys::Fd socket) {
  constexpr linger kAtOnce = {1, 0};
  ::setsockopt(socket.get(), SOL_SOCKET, SO_LINGER, &kAtOnce, sizeof kAtOnce);
}

void open_as_many_as_allowed() {
  rlimit files = {};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
}

std::uint16_t port_of(const sys::Fd& socket) {
  sockaddr_in6 name = {};
  socklen_t size = sizeof name;
  if (::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&name), &size) != 0) {
    throw std::runtime_error("no name");
  }
  return ntohs(name.sin6_port);  // at the same place in v4
}

}  // namespace nslaunch::test
