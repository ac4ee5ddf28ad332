#pragma once

#include <poll.h>

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

/// Which of two descriptors has something to be read, or is closed at its other end.
struct Readable {
  bool first = false;
  bool second = false;
  int error = 0;  ///< why there is no waiting; 0 also where a signal has interrupted it
};

/// Waits for one of two descriptors, of which each may be -1, for at most `limit` ms (-1: for ever). For
/// those who have no loop: a question and its answer.
inline Readable wait_for_either(int first, int second, int limit) noexcept {
  pollfd watched[] = {{first, POLLIN, 0}, {second, POLLIN, 0}};
  const int ready = ::poll(watched, 2, limit);
  if (ready < 0) return {.error = errno == EINTR ? 0 : errno};
  return {watched[0].revents != 0, watched[1].revents != 0};
}

/// The shorter of two waits, as poll(2) takes them: -1 is for ever.
constexpr int earlier(int one, int other) noexcept {
  return one < 0 || (other >= 0 && other < one) ? other : one;
}

}  // namespace nslaunch::sys
