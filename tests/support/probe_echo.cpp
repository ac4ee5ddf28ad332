#include "support/probe_echo.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>

namespace nslaunch::test {
namespace {

[[noreturn]] void answer(int client) {
  static char bytes[1 << 18];
  for (;;) {
    const ssize_t count = read(client, bytes, sizeof bytes);
    if (count < 0 && errno == ECONNRESET && write(STDOUT_FILENO, "reset\n", 6) < 0) _exit(1);
    if (count <= 0) break;
    for (ssize_t written = 0; written < count;) {
      const ssize_t part = write(client, bytes + written, static_cast<std::size_t>(count - written));
      if (part < 0) _exit(1);
      written += part;
    }
  }
  shutdown(client, SHUT_WR);
  _exit(0);
}

}  // namespace

int echo(const char* address, const char* port) {
  sockaddr_in name = {};
  name.sin_family = AF_INET;
  name.sin_port = htons(static_cast<in_port_t>(std::atoi(port)));
  inet_pton(AF_INET, address, &name.sin_addr);
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  if (bind(listener, reinterpret_cast<const sockaddr*>(&name), sizeof name) != 0) return 2;
  if (listen(listener, SOMAXCONN) != 0) return 3;
  std::signal(SIGCHLD, SIG_IGN);
  std::signal(SIGPIPE, SIG_IGN);
  std::puts("up");
  std::fflush(stdout);
  for (;;) {
    const int client = accept(listener, nullptr, nullptr);
    if (client >= 0 && fork() == 0) answer(client);
    if (client >= 0) close(client);
  }
}

int lead() {
  setpgid(0, 0);
  std::signal(SIGUSR1, [](int) { _exit(5); });
  std::puts("ready");
  std::fflush(stdout);
  for (;;) pause();
}

}  // namespace nslaunch::test
