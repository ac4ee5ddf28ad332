#pragma once

#include <poll.h>

#include <algorithm>
#include <array>
#include <concepts>

#include "sys/base/check.hpp"

namespace nslaunch::sys {

/// As check(), for poll(2) and its like, whose interruption by a signal counts as 0: any other failure comes
/// again at the next try, and whoever went on would spin.
template <std::signed_integral T, typename... Args>
T check_wait(T result, fmt::format_string<Args...> doing, Args&&... args) {
  if (result < 0 && errno == EINTR) return 0;
  return check(result, doing, std::forward<Args>(args)...);
}

/// Which of some descriptors has something to be read, or is closed at its other end.
template <std::size_t N>
struct Readable {
  std::array<pollfd, N> polled;
  int error = 0;  ///< why there is no waiting; 0 also where a signal has interrupted it

  bool has(int descriptor) const noexcept {
    return std::ranges::any_of(polled, [descriptor](const pollfd& each) {
      return each.fd == descriptor && descriptor >= 0 && each.revents != 0;
    });
  }
};

/// Waits for one of a few descriptors, of which each may be -1, for at most `limit` ms (-1: for ever). For
/// those who have no loop: a question and its answer.
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

/// The shorter of two waits, as poll(2) takes them: -1 is for ever.
constexpr int earlier(int one, int other) noexcept {
  return one < 0 || (other >= 0 && other < one) ? other : one;
}

}  // namespace nslaunch::sys
