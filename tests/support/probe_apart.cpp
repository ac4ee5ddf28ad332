#include "support/probe_apart.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace nslaunch::test {
namespace {

std::string shared_namespaces(const std::string& theirs) {
  std::string shared;
  for (const char* kind : {"net", "pid", "mnt", "ipc"}) {
    struct stat status = {};
    const bool seen = ::stat((std::string("/proc/self/ns/") + kind).c_str(), &status) == 0;
    const auto word = " " + std::string(kind) + ":" + std::to_string(status.st_ino) + " ";
    if (!seen || theirs.find(word) != std::string::npos) shared += std::string(" ") + kind;
  }
  return shared;
}

/// What connecting to that port of 127.0.0.1 gives: ECONNREFUSED where the loopback answers and nobody
/// listens.
int connect_error(const char* port) {
  sockaddr_in name = {};
  name.sin_family = AF_INET;
  name.sin_port = htons(static_cast<in_port_t>(std::atoi(port)));
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int client = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const bool connected = ::connect(client, reinterpret_cast<const sockaddr*>(&name), sizeof name) == 0;
  const int error = connected ? 0 : errno;
  ::close(client);
  return error;
}

std::string open_descriptors() {
  std::string open;
  for (int fd = 3; fd < 1024; ++fd) {
    if (::fcntl(fd, F_GETFD) != -1) open += " " + std::to_string(fd);
  }
  return open;
}

}  // namespace

int tell_whether_apart(const char* namespaces, const char* port) {
  const auto open = open_descriptors();
  const auto shared = shared_namespaces(namespaces);
  const int error = connect_error(port);
  if (!shared.empty()) std::printf("the host's:%s\n", shared.c_str());
  if (error != ECONNREFUSED) std::printf("127.0.0.1:%s: %s\n", port, std::strerror(error));
  if (!open.empty()) std::printf("open:%s\n", open.c_str());
  if (!shared.empty() || error != ECONNREFUSED || !open.empty()) return 98;
  std::puts("apart");
  return 7;
}

}  // namespace nslaunch::test
