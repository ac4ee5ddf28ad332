#include "support/probe_push.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace nslaunch::test {
namespace {

using Request = unsigned long;

/// 0 or an errno.
using Way = int (*)(int terminal, Request request, const char* key);

int by_number(long number, int terminal, Request request, const char* key) {
  return syscall(number, terminal, request, key) == 0 ? 0 : errno;
}

int natively(int terminal, Request request, const char* key) {
  return by_number(SYS_ioctl, terminal, request, key);
}

/// The kernel looks at 32 bits of the request.
int with_high_bits(int terminal, Request request, const char* key) {
  return by_number(SYS_ioctl, terminal, request | Request{1} << 32, key);
}

#ifdef __x86_64__
int as_x32(int terminal, Request request, const char* key) {
  return by_number(0x40000000 + 514, terminal, request, key);
}

/// A kernel without this entry ends the process.
int as_i386(int terminal, Request request, const char* key) {
  static char low_key;  // not above 4 GB, where the program is not position independent; else EFAULT
  low_key = *key;
  const pid_t child = fork();
  if (child == 0) {
    long result = 54;
    asm volatile("int $0x80" : "+a"(result) : "b"(terminal), "c"(request), "d"(&low_key) : "memory");
    _exit(static_cast<int>(-result));
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : ENOSYS;
}
#endif

void try_way(const char* name, Way way) {
  const int terminal = open("/dev/tty", O_RDWR | O_CLOEXEC);
  for (const char* key = "planted\n"; *key != '\0'; ++key) {
    const int error = way(terminal, TIOCSTI, key);
    if (error != 0 || key[1] == '\0')
      std::printf("%s: %s\n", name, error == 0 ? "pushed" : std::strerror(error));
    if (error != 0) break;
  }
  close(terminal);
}

}  // namespace

int push_back() {
  try_way("natively", natively);
  try_way("with high bits", with_high_bits);
#ifdef __x86_64__
  try_way("as x32", as_x32);
  try_way("as i386", as_i386);
#endif
  const char paste = 3;  // TIOCL_PASTESEL
  const bool pasted = ioctl(open("/dev/tty", O_RDWR | O_CLOEXEC), TIOCLINUX, &paste) == 0;
  std::printf("TIOCLINUX: %s\ndone\n", pasted ? "pushed" : std::strerror(errno));
  std::fflush(stdout);
  return 0;
}

}  // namespace nslaunch::test
