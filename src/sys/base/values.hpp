#pragma once

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

/// Durations, sizes and signals as people write them.

namespace nslaunch::sys {

/// How many spaces and tabs the text begins with.
inline std::size_t blanks(std::string_view text) noexcept {
  return std::min(text.find_first_not_of(" \t"), text.size());
}

/// The whole text as a number: digits only, with an optional leading '-' if it is signed. Nothing if it is no
/// number or out of range.
template <typename Number>
std::optional<Number> whole_number(std::string_view text) noexcept {
  Number number = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  return error == std::errc{} && rest == end ? std::optional(number) : std::nullopt;
}

/// Takes the number at the beginning off the text, with the blanks before it. Nothing, and the text as it
/// was, if there is none or it is out of range.
template <typename Number>
std::optional<Number> take_number(std::string_view& text, int base = 10) noexcept {
  Number number = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data() + blanks(text), end, number, base);
  if (error != std::errc{}) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(rest - text.data()));
  return number;
}

/// The number at the beginning, after optional blanks, whatever follows it, as in the files of /proc. Nothing
/// if there is none, as for the next function.
std::optional<std::uint64_t> leading_number(std::string_view text) noexcept;
/// The number after the first `label`.
std::optional<std::uint64_t> number_after(std::string_view text, std::string_view label) noexcept;

/// "250ms", "12.3s", "4m05s", "1h30m".
std::string format_duration(std::chrono::microseconds duration);

/// "512", "4.0K", "12.3M", "1.5G".
std::string format_size(std::uint64_t bytes);

/// "250ms", "90s", "5m", "1h30m"; nothing if the text is no duration or exceeds 10 years.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

/// "512M" and the like (K, M, G, T; powers of 1024) in bytes.
std::optional<std::uint64_t> parse_size(std::string_view text);

/// "SIGTERM" for 15; "signal 40" for one without a name.
std::string signal_name(int signal);
/// 15 for "TERM", "SIGTERM", "term" or "15"; "RTMIN+1" and the like, too.
std::optional<int> parse_signal(std::string_view text);

}  // namespace nslaunch::sys
