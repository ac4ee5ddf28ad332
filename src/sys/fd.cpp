#include "sys/fd.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "sys/check.hpp"

namespace nslaunch::sys {

void Fd::reset(int number) noexcept {
  const int error = errno;  // of what failed before, for whoever leaves by it
  if (number_ >= 0) ::close(number_);
  errno = error;
  number_ = number;
}

Pipe make_pipe() {
  int ends[2];
  check(::pipe2(ends, O_CLOEXEC), "making a pipe");
  return {Fd(ends[0]), Fd(ends[1])};
}

namespace {

/// A place without devices has none: then an empty file of nobody's does as well.
Fd open_null(int flags) {
  Fd null(::open("/dev/null", flags | O_CLOEXEC));
  if (!null) null.reset(::memfd_create("null", MFD_CLOEXEC));
  return null;
}

}  // namespace

void guard_standard_streams() {
  for (int number = 0; number <= 2; ++number) {
    if (::fcntl(number, F_GETFD) >= 0) continue;
    // The lowest free number is this one: those below were closed or filled before.
    check(open_null(O_PATH).release(), "opening /dev/null in place of closed stream {}", number);
  }
}

void close_all_except(std::vector<int> keep) {
  std::sort(keep.begin(), keep.end());
  unsigned next = 0;
  for (const int number : keep) {
    if (number < 0) continue;
    const auto kept = static_cast<unsigned>(number);
    if (kept > next) ::close_range(next, kept - 1, 0);
    next = std::max(next, kept + 1);
  }
  ::close_range(next, ~0U, 0);
}

void detach_input_and_output() noexcept {
  // Closed first: at the limit of descriptors there is no number free but this, the lowest.
  ::close(STDIN_FILENO);
  if (const int null = open_null(O_RDWR).release(); null >= 0) {
    ::dup3(null, STDOUT_FILENO, O_CLOEXEC);
  } else {
    ::close(STDOUT_FILENO);
  }
}

}  // namespace nslaunch::sys
