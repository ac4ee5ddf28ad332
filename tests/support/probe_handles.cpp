#include "support/probe_handles.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

namespace nslaunch::test {
namespace {

constexpr int kInit = 1;
constexpr int kMostNumbers = 256;

ino_t own_namespace(const char* kind) {
  struct stat status = {};
  const auto path = std::string("/proc/thread-self/ns/") + kind;
  return ::stat(path.c_str(), &status) == 0 ? status.st_ino : 0;
}

/// In a child: whether `handle` leads it into another network, or other mounts.
bool leads_out(int handle) {
  const auto network = own_namespace("net");
  const auto mounts = own_namespace("mnt");
  const pid_t child = ::fork();
  if (child == 0) {
    bool out = false;
    for (const int kind : {CLONE_NEWNET, CLONE_NEWNS}) {
      if (::setns(handle, kind) != 0) continue;
      const auto now = own_namespace(kind == CLONE_NEWNET ? "net" : "mnt");
      out = out || now != (kind == CLONE_NEWNET ? network : mounts);
    }
    ::_exit(out ? 1 : 0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return status != 0;
}

}  // namespace

int break_out() {
  const auto init = static_cast<int>(::syscall(SYS_pidfd_open, kInit, 0));
  int taken = 0;
  for (int number = 0; number < kMostNumbers; ++number) {
    const auto handle = static_cast<int>(::syscall(SYS_pidfd_getfd, init, number, 0));
    if (handle < 0) continue;
    ++taken;
    if (leads_out(handle)) std::printf("out by %d\n", number);
    ::close(handle);
  }
  std::printf("%s\n", taken > 0 ? "taken" : "none");
  return 0;
}

int leave_unread(int count) {
  constexpr int kMostAtOnce = 200;
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) != 0) return 5;
  alignas(cmsghdr) std::array<char, CMSG_SPACE(kMostAtOnce * sizeof(int))> space = {};
  for (int left = count; left > 0; left -= kMostAtOnce) {
    const std::vector<int> sent(static_cast<std::size_t>(std::min(left, kMostAtOnce)), STDIN_FILENO);
    const auto size = sent.size() * sizeof(int);
    char byte = 0;
    iovec part = {&byte, 1};
    msghdr message = {};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = space.data();
    message.msg_controllen = CMSG_SPACE(size);
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(size);
    std::memcpy(CMSG_DATA(header), sent.data(), size);
    if (::sendmsg(ends[0], &message, 0) != 1) return 6;
  }
  std::puts("up");
  std::fflush(stdout);
  char end = 0;
  while (::read(STDIN_FILENO, &end, 1) > 0) continue;
  return 0;
}

}  // namespace nslaunch::test
