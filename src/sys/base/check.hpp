#pragma once

#include <fmt/format.h>
#include <nslaunch/error.hpp>

#include <cerrno>
#include <concepts>
#include <string>
#include <utility>

namespace nslaunch::sys {

inline std::error_code errno_code(int number) {
  return {number, std::system_category()};
}

/// Returns `result`, or throws Error with errno and "doing", formatted from the other arguments, if it is
/// negative. errno is saved before anything else runs.
template <std::signed_integral T, typename... Args>
T check(T result, fmt::format_string<Args...> doing, Args&&... args) {
  if (result >= 0) return result;
  const int saved = errno;
  throw Error(errno_code(saved), fmt::format(doing, std::forward<Args>(args)...));
}

/// Repeats `call` while it is interrupted by a signal.
template <typename Call>
auto retry_on_eintr(Call&& call) {
  decltype(call()) result;
  do {
    result = call();
  } while (result < 0 && errno == EINTR);
  return result;
}

}  // namespace nslaunch::sys
