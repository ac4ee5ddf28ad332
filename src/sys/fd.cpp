#include "sys/fd.hpp"

#include <fcntl.h>
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

void guard_standard_streams() {
  for (int number = 0; number <= 2; ++number) {
    if (::fcntl(number, F_GETFD) >= 0) continue;
    // The lowest free number is this one: those below were closed or filled before.
    check(::open("/dev/null", O_PATH | O_CLOEXEC), "opening /dev/null in place of closed stream {}", number);
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

void detach_stream(int number) {
  // Closed first: at the limit of descriptors there is no other number free.
  ::close(number);
  Fd null(check(::open("/dev/null", O_RDWR | O_CLOEXEC), "opening /dev/null"));
  if (null.get() == number) {
    null.release();
    return;
  }
  check(::dup3(null.get(), number, O_CLOEXEC), "detaching stream {}", number);
}

}  // namespace nslaunch::sys
