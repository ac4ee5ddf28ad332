#pragma once

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

/// The shorter of two waits, as poll(2) takes them: -1 is for ever.
constexpr int earlier(int one, int other) noexcept {
  return one < 0 || (other >= 0 && other < one) ? other : one;
}

}  // namespace nslaunch::sys
