#include "sys/base/patient_write.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdio>
#include <ctime>

#include "sys/base/check.hpp"
#include "sys/base/fd.hpp"
#include "sys/base/signals.hpp"

namespace nslaunch::sys {
namespace {

bool is_regular(int fd) noexcept {
  struct stat status = {};
  return ::fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
}

/// A write that a timer's signal ends if it blocks. That signal is sent by nobody else.
ssize_t write_briefly(int fd, std::string_view content) noexcept {
  constexpr int kSignal = SIGVTALRM;
  constexpr timespec kLimit{0, 20'000'000};
  SignalSet ends;
  ends.add(kSignal);
  sigset_t mask;
  struct sigaction before = {};
  struct sigaction ignored = {};
  ignored.sa_handler = [](int) {};  // without SA_RESTART
  sigevent event = {};
  event.sigev_notify = SIGEV_SIGNAL;
  event.sigev_signo = kSignal;
  timer_t timer;
  ::sigprocmask(SIG_BLOCK, &ends.native(), &mask);
  ::sigaction(kSignal, &ignored, &before);
  const bool has_timer = ::timer_create(CLOCK_MONOTONIC, &event, &timer) == 0;
  // Again and again, as the first may come before the write.
  const itimerspec limit{kLimit, kLimit};
  if (has_timer) ::timer_settime(timer, 0, &limit, nullptr);
  ::sigprocmask(SIG_UNBLOCK, &ends.native(), nullptr);
  const ssize_t count = ::write(fd, content.data(), content.size());
  const int error = errno == EINTR ? EAGAIN : errno;
  ::sigprocmask(SIG_BLOCK, &ends.native(), nullptr);
  if (has_timer) ::timer_delete(timer);
  take_pending(kSignal);
  ::sigaction(kSignal, &before, nullptr);
  ::sigprocmask(SIG_SETMASK, &mask, nullptr);
  errno = error;
  return count;
}

/// Opening a terminal's other end again would make a new terminal (pts(4)).
bool is_master(int terminal) noexcept {
  int number = 0;
  return ::ioctl(terminal, TIOCGPTN, &number) == 0;
}

/// Readable while one of these signals is pending, which it leaves so; empty if it can't be made.
Fd ending_is_pending() noexcept {
  const auto ending = ending_signals();
  return Fd(::signalfd(-1, &ending.native(), SFD_CLOEXEC));
}

/// Waits until `fd` takes something. Returns 0 or an errno.
int wait_for_reader(int fd, const std::optional<Deadline>& deadline) noexcept {
  pollfd watched[] = {{fd, POLLOUT, 0}, {-1, POLLIN, 0}};
  if (::poll(watched, 1, 0) != 0) return 0;
  const auto signals = ending_is_pending();
  watched[1].fd = signals.get();
  const int ready =
      retry_on_eintr([&] { return ::poll(watched, 2, deadline ? deadline->poll_timeout() : -1); });
  if (ready <= 0) return ready == 0 ? ETIMEDOUT : errno;
  return watched[0].revents != 0 ? 0 : EINTR;
}

/// A terminal with room for less than a character and its carriage return is ready, and takes nothing.
int pause_for_room(const std::optional<Deadline>& deadline) noexcept {
  if (deadline && deadline->passed()) return ETIMEDOUT;
  const auto signals = ending_is_pending();
  pollfd watched = {signals.get(), POLLIN, 0};
  return ::poll(&watched, 1, 10) > 0 ? EINTR : 0;
}

}  // namespace

ssize_t write_without_blocking(int fd, std::string_view content) noexcept {
  struct stat status = {};
  if (::fstat(fd, &status) == 0 && S_ISSOCK(status.st_mode))
    return ::send(fd, content.data(), content.size(), MSG_DONTWAIT);
  if (S_ISREG(status.st_mode) || (::fcntl(fd, F_GETFL) & O_NONBLOCK) != 0)
    return ::write(fd, content.data(), content.size());
  const auto piece = content.substr(0, PIPE_BUF);
  const iovec part{const_cast<char*>(piece.data()), piece.size()};
  const ssize_t count = ::pwritev2(fd, &part, 1, -1, RWF_NOWAIT);  // a pipe's only
  if (count >= 0 || errno == EAGAIN || errno == EPIPE) return count;
  return write_briefly(fd, piece);
}

Fd reopen_terminal(int descriptor) noexcept {
  if (::isatty(descriptor) != 1 || is_master(descriptor)) return {};
  char path[32];
  std::snprintf(path, sizeof path, "/proc/self/fd/%d", descriptor);
  return Fd(::open(path, O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC));
}

int write_unless_ended(int fd, std::string_view content,
                       std::optional<std::chrono::milliseconds> limit) noexcept {
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags >= 0 && (flags & O_ACCMODE) == O_RDONLY) return EBADF;  // which poll(2) would never report
  const auto deadline = limit ? std::optional<Deadline>(*limit) : std::nullopt;
  const Fd terminal = reopen_terminal(fd);
  const int target = terminal ? terminal.get() : fd;
  while (!content.empty()) {
    if (const int error = wait_for_reader(target, deadline); error != 0) return error;
    const ssize_t count = write_without_blocking(target, content);
    if (count < 0 && errno != EINTR && errno != EAGAIN) return errno;
    if (count > 0) {
      content.remove_prefix(static_cast<std::size_t>(count));
    } else if (const int error = pause_for_room(deadline); error != 0) {
      return error;
    }
  }
  return 0;
}

int write_patiently(int fd, std::string_view& content, const Deadline& deadline) noexcept {
  while (!content.empty()) {
    pollfd watched = {fd, POLLOUT, 0};
    const int ready = retry_on_eintr([&] { return ::poll(&watched, 1, deadline.poll_timeout()); });
    if (ready <= 0) return ready == 0 ? ETIMEDOUT : errno;
    const ssize_t count = write_without_blocking(fd, content);
    if (count < 0 && (errno == EINTR || errno == EAGAIN) && !deadline.passed()) continue;
    if (count < 0) return errno == EAGAIN ? ETIMEDOUT : errno;
    content.remove_prefix(static_cast<std::size_t>(count));
    if (!content.empty() && deadline.passed() && !is_regular(fd)) return ETIMEDOUT;
  }
  return 0;
}

}  // namespace nslaunch::sys
