#include "sys/process/pidfd.hpp"

#include <poll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "sys/base/clock.hpp"

namespace nslaunch::sys {
namespace {

// linux/magic.h: pidfs, whose inodes are unique for the life of the machine (kernel 6.9). Before
// that a pidfd is an anonymous inode, the same for all (K25).
constexpr long kPidfsMagic = 0x50494446;

// linux/pidfd.h of kernels 6.11 and 6.13; older headers have neither.
constexpr unsigned kPidfsIoctl = 0xFF;
constexpr unsigned long kGetPidNamespace = _IO(kPidfsIoctl, 5);
struct PidfdInfo {
  std::uint64_t mask;
  std::uint64_t cgroup;
  std::uint32_t pid;
  std::uint32_t thread_group;
  std::uint32_t parent;
  std::uint32_t ids[8];
  std::int32_t exit_code;
};
constexpr unsigned long kGetInfo = _IOWR(kPidfsIoctl, 11, PidfdInfo);
constexpr std::uint64_t kInfoOnPids = 1;

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

int Pidfd::queue_signal(int signal, int value) const noexcept {
  siginfo_t info = {};
  info.si_signo = signal;
  info.si_code = SI_QUEUE;
  info.si_pid = ::getpid();
  info.si_uid = ::getuid();
  info.si_value.sival_int = value;
  return ::syscall(SYS_pidfd_send_signal, get(), signal, &info, 0) == 0 ? 0 : errno;
}

namespace {

/// For when poll(2) fails for good: waitid(2) can still report a child's end.
bool look_for_end_of_child(int pidfd, const Deadline& deadline) noexcept {
  constexpr int kFlags = WEXITED | WNOHANG | WNOWAIT | __WALL;
  constexpr timespec kPause = {0, 10'000'000};
  for (;;) {
    siginfo_t end = {};
    const int result = ::waitid(static_cast<idtype_t>(P_PIDFD), static_cast<id_t>(pidfd), &end, kFlags);
    if (result < 0 && errno != EINTR) return false;
    if (result == 0 && end.si_pid != 0) return true;
    if (deadline.passed()) return false;
    ::nanosleep(&kPause, nullptr);
  }
}

}  // namespace

bool Pidfd::wait_for_end(std::chrono::milliseconds limit) const noexcept {
  const bool for_ever = limit < std::chrono::milliseconds{0};
  const Deadline deadline(limit);
  for (;;) {
    struct pollfd watched = {get(), POLLIN, 0};
    const int ready = ::poll(&watched, 1, for_ever ? -1 : deadline.poll_timeout());
    if (ready > 0) return true;
    if (ready == 0) return false;
    if (errno != EINTR) return !for_ever && look_for_end_of_child(get(), deadline);
  }
}

std::uint64_t Pidfd::inode() const noexcept {
  // The same for every pidfd, for as long as the machine runs.
  static const bool kernel_has_pidfs = is_on_pidfs(get());
  struct stat status = {};
  if (!kernel_has_pidfs) return 0;
  return ::fstat(get(), &status) == 0 ? status.st_ino : 0;
}

std::optional<pid_t> Pidfd::parent() const noexcept {
  PidfdInfo info = {};
  info.mask = kInfoOnPids;
  const bool known = ::ioctl(get(), kGetInfo, &info) == 0 && (info.mask & kInfoOnPids) != 0;
  return known ? std::optional(static_cast<pid_t>(info.parent)) : std::nullopt;
}

std::uint64_t Pidfd::pid_namespace() const noexcept {
  const Fd found(::ioctl(get(), kGetPidNamespace, 0));
  struct stat status = {};
  return found && ::fstat(found.get(), &status) == 0 ? status.st_ino : 0;
}

}  // namespace nslaunch::sys
