#pragma once

#include <poll.h>

#include <algorithm>
#include <array>
#include <concepts>

#include "sys/base/check.hpp"

namespace nslaunch::sys {

/// As check(), for poll(2) and similar calls. An interruption by a signal counts as 0; any other failure
/// recurs at the next call, and a caller that ignored it would spin.
template <std::signed_integral T, typename... Args>
T check_wait(T result, fmt::format_string<Args...> doing, Args&&... args) {
  if (result < 0 && errno == EINTR) return 0;
  return check(result, doing, std::forward<Args>(args)...);
}

/// Which of several descriptors are readable, or closed at the other end.
template <std::size_t N>
struct Readable {
  std::array<pollfd, N> polled;
  int error = 0;  ///< why the wait failed; 0 also if a signal interrupted it

  bool has(int descriptor) const noexcept {
    return std::ranges::any_of(polled, [descriptor](const pollfd& each) {
      return each.fd == descriptor && descriptor >= 0 && each.revents != 0;
    });
  }
};

/// Waits for one of a few descriptors, each of which may be -1, for at most `limit` ms (-1: forever). For
/// callers without an event loop: a request and its reply.
template <std::size_t N>
Readable<N> wait_for_any(const int (&descriptors)[N], int limit) noexcept {
  Readable<N> readable{};
  std::ranges::transform(descriptors, readable.polled.begin(), [](int descriptor) {
    return pollfd{descriptor, POLLIN, 0};
  });
  const int ready = ::poll(readable.polled.data(), N, limit);
  if (ready < 0 && errno != EINTR) readable.error = errno;
  return readable;
}

/// The shorter of two timeouts for poll(2): -1 is forever.
constexpr int earlier(int one, int other) noexcept {
  return one < 0 || (other >= 0 && other < one) ? other : one;
}

}  // namespace nslaunch::sys
