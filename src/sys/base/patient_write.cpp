#include "sys/base/patient_write.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>

#include "sys/base/check.hpp"
#include "sys/base/fd.hpp"
#include "sys/base/signals.hpp"

namespace nslaunch::sys {
namespace {

bool is_regular(int fd) noexcept {
  struct stat status = {};
  return ::fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
}

/// Writes as much as the other side takes without blocking. O_NONBLOCK is not ours to set on a shared
/// descriptor: without it, writes at most what a pipe that poll(2) calls writable always takes (pipe(7)).
ssize_t write_some(int fd, std::string_view content) noexcept {
  struct stat status = {};
  if (::fstat(fd, &status) == 0 && S_ISSOCK(status.st_mode))
    return ::send(fd, content.data(), content.size(), MSG_DONTWAIT);
  const bool never_waits = S_ISREG(status.st_mode) || (::fcntl(fd, F_GETFL) & O_NONBLOCK) != 0;
  const auto most = never_waits ? content.size() : std::size_t{PIPE_BUF};
  return ::write(fd, content.data(), std::min(content.size(), most));
}

/// Whether `fd` takes something, in time for none of these signals; false with errno set.
bool wait_for_reader(int fd, const SignalSet& ending, bool may_wait) noexcept {
  pollfd reader = {fd, POLLOUT, 0};
  if (::poll(&reader, 1, 0) != 0) return true;
  errno = EINTR;
  if (!may_wait) return false;
  const Fd signals(::signalfd(-1, &ending.native(), SFD_CLOEXEC));
  pollfd watched[] = {reader, {signals.get(), POLLIN, 0}};
  const int ready = retry_on_eintr([&] { return ::poll(watched, signals ? 2 : 1, -1); });
  if (ready > 0 && watched[0].revents == 0) errno = EINTR;
  return ready > 0 && watched[0].revents != 0;
}

}  // namespace

int write_unless_ended(int fd, std::string_view content, bool may_wait) noexcept {
  SignalSet ending;
  for (const int signal : kEndingSignals) ending.add(signal);
  while (!content.empty()) {
    if (!wait_for_reader(fd, ending, may_wait)) return errno;
    const ssize_t count = write_some(fd, content);
    if (count < 0 && errno != EINTR && errno != EAGAIN) return errno;
    if (count > 0) content.remove_prefix(static_cast<std::size_t>(count));
  }
  return 0;
}

int write_patiently(int fd, std::string_view& content, const Deadline& deadline) noexcept {
  while (!content.empty()) {
    pollfd watched = {fd, POLLOUT, 0};
    const int ready = retry_on_eintr([&] { return ::poll(&watched, 1, deadline.poll_timeout()); });
    if (ready <= 0) return ready == 0 ? ETIMEDOUT : errno;
    const ssize_t count = write_some(fd, content);
    if (count < 0 && (errno == EINTR || errno == EAGAIN) && !deadline.passed()) continue;
    if (count < 0) return errno == EAGAIN ? ETIMEDOUT : errno;
    content.remove_prefix(static_cast<std::size_t>(count));
    if (!content.empty() && deadline.passed() && !is_regular(fd)) return ETIMEDOUT;
  }
  return 0;
}

}  // namespace nslaunch::sys
