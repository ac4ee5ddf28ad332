#include "support/probe_ipc.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <mqueue.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace nslaunch::test {
namespace {

struct Address {
  explicit Address(const char* text) {
    auto* v6 = reinterpret_cast<sockaddr_in6*>(&storage);
    auto* v4 = reinterpret_cast<sockaddr_in*>(&storage);
    const bool is_v6 = std::strchr(text, ':') != nullptr;
    storage.ss_family = is_v6 ? AF_INET6 : AF_INET;
    inet_pton(storage.ss_family, text, is_v6 ? static_cast<void*>(&v6->sin6_addr) : &v4->sin_addr);
  }
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }

  sockaddr_storage storage = {};
  socklen_t length = sizeof storage;
};

bool answers(const char* text) {
  Address address(text);
  const int listener = socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (bind(listener, address.get(), address.length) != 0 || listen(listener, 1) != 0) return false;
  getsockname(listener, address.get(), &address.length);
  const int client = socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const bool connected = connect(client, address.get(), address.length) == 0;
  const int saved = errno;
  close(client);
  close(listener);
  errno = saved;
  return connected;
}

}  // namespace

int connect_to_itself(int count, char** addresses) {
  for (int at = 0; at < count; ++at) {
    if (answers(addresses[at])) continue;
    std::printf("%s: %s\n", addresses[at], std::strerror(errno));
    return 1;
  }
  std::puts("answered");
  return 0;
}

int make_queue(const char* name) {
  const mqd_t queue = mq_open(name, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600, nullptr);
  std::puts(queue >= 0 ? "made" : errno == EEXIST ? "there is one" : std::strerror(errno));
  return 0;
}

}  // namespace nslaunch::test
