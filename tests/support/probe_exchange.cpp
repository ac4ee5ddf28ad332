#include "support/probe_exchange.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

namespace nslaunch::test {
namespace {

/// A v4 or v6 address, by its look.
struct Endpoint {
  Endpoint(const char* address, const char* port) {
    const auto number = htons(static_cast<in_port_t>(std::atoi(port)));
    auto* v4 = reinterpret_cast<sockaddr_in*>(&storage);
    auto* v6 = reinterpret_cast<sockaddr_in6*>(&storage);
    if (inet_pton(AF_INET, address, &v4->sin_addr) == 1) {
      v4->sin_family = AF_INET;
      v4->sin_port = number;
      size = sizeof *v4;
    } else if (inet_pton(AF_INET6, address, &v6->sin6_addr) == 1) {
      v6->sin6_family = AF_INET6;
      v6->sin6_port = number;
      size = sizeof *v6;
    }
  }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  int make_socket(int type) const { return socket(storage.ss_family, type | SOCK_CLOEXEC, 0); }

  sockaddr_storage storage = {};
  socklen_t size = 0;
};

std::string read_all(int fd) {
  static char bytes[1 << 16];
  std::string text;
  for (ssize_t count = 0; (count = read(fd, bytes, sizeof bytes)) > 0;)
    text.append(bytes, static_cast<std::size_t>(count));
  return text;
}

bool write_all(int fd, const std::string& text) {
  for (std::size_t done = 0; done < text.size();) {
    const ssize_t count = write(fd, text.data() + done, text.size() - done);
    if (count <= 0) return false;
    done += static_cast<std::size_t>(count);
  }
  return true;
}

int give_back(int listener) {
  const int client = accept(listener, nullptr, nullptr);
  return write_all(client, read_all(client)) ? 0 : 4;
}

int ask(const Endpoint& server, const std::string& text) {
  const int connection = server.make_socket(SOCK_STREAM);
  if (connect(connection, server.get(), server.size) != 0) return 5;
  if (!write_all(connection, text) || shutdown(connection, SHUT_WR) != 0) return 6;
  return read_all(connection) == text ? 0 : 7;
}

}  // namespace

int exchange(const char* address, const char* port, std::size_t size) {
  const Endpoint server(address, port);
  const int listener = server.make_socket(SOCK_STREAM);
  if (bind(listener, server.get(), server.size) != 0 || listen(listener, 1) != 0) return 3;
  const pid_t child = fork();
  if (child == 0) _exit(give_back(listener));
  close(listener);
  const int asked = ask(server, exchange_text(size));
  int status = 0;
  if (waitpid(child, &status, 0) != child || status != 0) return 8;
  return asked;
}

int datagram(const char* address, const char* port, const char* text) {
  const Endpoint place(address, port);
  const int receiver = place.make_socket(SOCK_DGRAM);
  const int sender = place.make_socket(SOCK_DGRAM);
  if (bind(receiver, place.get(), place.size) != 0) return 3;
  const std::size_t size = std::strlen(text);
  if (sendto(sender, text, size, 0, place.get(), place.size) != static_cast<ssize_t>(size)) return 4;
  char taken[256];
  return recv(receiver, taken, sizeof taken, 0) == static_cast<ssize_t>(size) ? 0 : 5;
}

}  // namespace nslaunch::test
