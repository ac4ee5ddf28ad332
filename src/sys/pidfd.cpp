#include "sys/pidfd.hpp"

#include <poll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "sys/clock.hpp"

namespace nslaunch::sys {
namespace {

// linux/magic.h: pidfs, whose inodes are unique for the life of the machine (kernel 6.9). Before
// that a pidfd is an anonymous inode, the same for all (K25).
constexpr long kPidfsMagic = 0x50494446;

bool is_on_pidfs(int pidfd) noexcept {
  struct statfs filesystem = {};
  return ::fstatfs(pidfd, &filesystem) == 0 && filesystem.f_type == kPidfsMagic;
}

}  // namespace

std::optional<Pidfd> Pidfd::open(pid_t pid) {
  const auto number = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
  if (number < 0) return std::nullopt;
  return Pidfd(Fd(number));
}

int Pidfd::send_signal(int signal) const noexcept {
  return ::syscall(SYS_pidfd_send_signal, get(), signal, nullptr, 0) == 0 ? 0 : errno;
}

void Pidfd::queue_signal(int signal) const noexcept {
  siginfo_t info = {};
  info.si_signo = signal;
  info.si_code = SI_QUEUE;
  info.si_pid = ::getpid();
  info.si_uid = ::getuid();
  ::syscall(SYS_pidfd_send_signal, get(), signal, &info, 0);
}

bool Pidfd::wait_for_end(std::chrono::milliseconds limit) const noexcept {
  const bool for_ever = limit < std::chrono::milliseconds{0};
  const Deadline deadline(limit);
  for (;;) {
    struct pollfd watched = {get(), POLLIN, 0};
    const int ready = ::poll(&watched, 1, for_ever ? -1 : deadline.poll_timeout());
    if (ready > 0) return true;
    if (ready == 0) return false;
    if (errno != EINTR) return false;
  }
}

std::uint64_t Pidfd::inode() const noexcept {
  // The same for every pidfd, for as long as the machine runs.
  static const bool kernel_has_pidfs = is_on_pidfs(get());
  struct stat status = {};
  if (!kernel_has_pidfs) return 0;
  return ::fstat(get(), &status) == 0 ? status.st_ino : 0;
}

}  // namespace nslaunch::sys
