#pragma once

#include <charconv>
#include <optional>
#include <string_view>
#include <system_error>

namespace nslaunch::sys {

/// The number that the whole text is: digits and nothing else, for a signed one perhaps behind a '-'. Nothing
/// where it is none, or one out of range.
template <typename Number>
std::optional<Number> whole_number(std::string_view text) noexcept {
  Number number = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  return error == std::errc{} && rest == end ? std::optional(number) : std::nullopt;
}

}  // namespace nslaunch::sys
