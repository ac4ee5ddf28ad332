#include "support/probe_echo.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace nslaunch::test {
namespace {

struct Name {
  union {
    sockaddr any;
    sockaddr_in v4;
    sockaddr_in6 v6;
  };
  socklen_t size;
};

Name name_of(const char* address, const char* port) {
  Name name = {};
  const auto number = htons(static_cast<in_port_t>(std::atoi(port)));
  if (std::strchr(address, ':') != nullptr) {
    name.v6.sin6_family = AF_INET6;
    name.v6.sin6_port = number;
    inet_pton(AF_INET6, address, &name.v6.sin6_addr);
    name.size = sizeof name.v6;
  } else {
    name.v4.sin_family = AF_INET;
    name.v4.sin_port = number;
    inet_pton(AF_INET, address, &name.v4.sin_addr);
    name.size = sizeof name.v4;
  }
  return name;
}

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

std::string read_all(int from) {
  std::string text;
  char bytes[4096];
  for (;;) {
    const ssize_t count = read(from, bytes, sizeof bytes);
    if (count < 0) return "reset";
    if (count == 0) return text;
    text.append(bytes, static_cast<std::size_t>(count));
  }
}

bool write_all(int to, const std::string& text) {
  return write(to, text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

/// Its exit status where it can't be had.
int listen_at(const char* address, const char* port, int& listener) {
  auto name = name_of(address, port);
  listener = socket(name.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  if (bind(listener, &name.any, name.size) != 0) return 2;
  if (listen(listener, SOMAXCONN) != 0) return 3;
  std::signal(SIGPIPE, SIG_IGN);
  getsockname(listener, &name.any, &name.size);
  if (std::atoi(port) == 0) {
    std::printf("up %d\n", ntohs(name.v4.sin_port));  // at the same place in both
  } else {
    std::puts("up");
  }
  std::fflush(stdout);
  return 0;
}

int connect_to(const char* address, const char* port) {
  const auto name = name_of(address, port);
  const int client = socket(name.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  std::signal(SIGPIPE, SIG_IGN);
  if (connect(client, &name.any, name.size) == 0) return client;
  std::perror("connect");
  std::exit(2);
}

}  // namespace

int echo(const char* address, const char* port) {
  int listener = -1;
  if (const int failure = listen_at(address, port, listener); failure != 0) return failure;
  std::signal(SIGCHLD, SIG_IGN);
  for (;;) {
    const int client = accept(listener, nullptr, nullptr);
    if (client >= 0 && fork() == 0) answer(client);
    if (client >= 0) close(client);
  }
}

int greet(const char* address, const char* port) {
  int listener = -1;
  if (const int failure = listen_at(address, port, listener); failure != 0) return failure;
  for (;;) {
    const int client = accept(listener, nullptr, nullptr);
    if (client < 0) continue;
    write_all(client, "hello");
    shutdown(client, SHUT_WR);
    std::puts(read_all(client).c_str());
    std::fflush(stdout);
    close(client);
  }
}

int talk(const char* address, const char* port) {
  const int client = connect_to(address, port);
  const bool written = write_all(client, read_all(STDIN_FILENO));
  shutdown(client, SHUT_WR);
  const auto text = written ? read_all(client) : "reset";
  std::puts(text.c_str());
  return text == "reset" ? 3 : 0;
}

int hear(const char* address, const char* port) {
  const int client = connect_to(address, port);
  const auto text = read_all(client);
  return write_all(client, text) ? 0 : 1;
}

int lead() {
  setpgid(0, 0);
  std::signal(SIGUSR1, [](int) { _exit(5); });
  std::signal(SIGINT, [](int) { _exit(6); });
  std::puts("ready");
  std::fflush(stdout);
  for (;;) pause();
}

}  // namespace nslaunch::test
