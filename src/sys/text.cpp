#include "sys/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <csignal>
#include <cstring>
#include <limits>

namespace nslaunch::sys {
namespace {

/// Length of the well-formed UTF-8 sequence of a printable character at the start of `text`; 0 where
/// there is none.
std::size_t printable_prefix(std::string_view text) {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
  if (byte(0) < 0x80) return byte(0) >= 0x20 && byte(0) != 0x7f ? 1 : 0;
  const std::size_t length = byte(0) >= 0xf0 ? 4 : byte(0) >= 0xe0 ? 3 : 2;
  if (byte(0) < 0xc2 || byte(0) > 0xf4 || text.size() < length) return 0;
  for (std::size_t at = 1; at < length; ++at) {
    if ((byte(at) & 0xc0) != 0x80) return 0;
  }
  // C1 controls, overlong forms, surrogates and what lies past U+10FFFF.
  if (byte(0) == 0xc2 && byte(1) < 0xa0) return 0;
  if (byte(0) == 0xe0 && byte(1) < 0xa0) return 0;
  if (byte(0) == 0xed && byte(1) > 0x9f) return 0;
  if (byte(0) == 0xf0 && byte(1) < 0x90) return 0;
  if (byte(0) == 0xf4 && byte(1) > 0x8f) return 0;
  return length;
}

/// The same, without Unicode's controls of direction (UAX #9), which turn about the text beside them.
std::size_t showable_prefix(std::string_view text) {
  constexpr std::string_view kOfDirection[] = {"\u061c", "\u200e", "\u200f", "\u202a", "\u202b", "\u202c",
                                               "\u202d", "\u202e", "\u2066", "\u2067", "\u2068", "\u2069"};
  const auto length = printable_prefix(text);
  const bool turns = std::ranges::find(kOfDirection, text.substr(0, length)) != std::end(kOfDirection);
  return turns ? 0 : length;
}

/// Length of the control sequence (ECMA-48: "ESC [ 3 1 m") at the start of `text`; 0 where there is none.
std::size_t control_sequence_prefix(std::string_view text) {
  if (!text.starts_with("\033[")) return 0;
  const auto is_final = [](char letter) { return letter >= '@' && letter <= '~'; };
  const auto final = std::find_if(text.begin() + 2, text.end(), is_final);
  if (final == text.end()) return 0;
  const auto length = static_cast<std::size_t>(final - text.begin()) + 1;
  const auto is_inner = [](char letter) { return letter >= ' ' && letter <= '?'; };
  return std::all_of(text.begin() + 2, final, is_inner) ? length : 0;
}

/// Length of the character at the start of `text` that XML 1.0 allows; 0 where there is none.
std::size_t xml_prefix(std::string_view text) {
  if (text[0] == '\t' || text[0] == '\n' || text[0] == '\r') return 1;
  const auto length = printable_prefix(text);
  const auto character = text.substr(0, length);
  return character == "\xef\xbf\xbe" || character == "\xef\xbf\xbf" ? 0 : length;
}

template <typename Number>
std::optional<Number> take_number(std::string_view& text) {
  Number number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{}) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

constexpr Unit kDurationUnits[] = {
    {"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}};
constexpr std::uint64_t kLongestDuration = 3650ULL * 86'400'000;

}  // namespace

std::string escape(std::string_view text) {
  std::string shown;
  shown.reserve(text.size());
  while (!text.empty()) {
    const std::size_t length = showable_prefix(text);
    if (length == 0) {
      shown += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[0]));
    } else {
      shown += text.substr(0, length);
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return shown;
}

namespace {

/// As bash, zsh and ksh read what can't be shown: $'a\x0ab'.
std::string quote_unprintable(const std::string& argument) {
  std::string quoted;
  for (const char letter : argument) {
    if (letter == '\'' || letter == '\\') quoted += '\\';
    quoted += letter;
  }
  return "$'" + escape(quoted) + "'";
}

}  // namespace

std::string for_xml(std::string_view text) {
  constexpr std::string_view kReplacement = "\xef\xbf\xbd";
  std::string clean;
  clean.reserve(text.size());
  while (!text.empty()) {
    if (const auto colours = control_sequence_prefix(text); colours > 0) {
      text.remove_prefix(colours);
      continue;
    }
    const auto length = xml_prefix(text);
    clean += length == 0 ? kReplacement : text.substr(0, length);
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return clean;
}

std::string shell_quote(const std::vector<std::string>& arguments) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-{}";
  std::string line;
  for (const auto& argument : arguments) {
    if (!line.empty()) line += ' ';
    const bool expands =
        argument.find('{') != std::string::npos &&
        (argument.find(',') != std::string::npos || argument.find("..") != std::string::npos);
    if (!argument.empty() && !expands && argument.find_first_not_of(kPlain) == std::string::npos) {
      line += argument;
      continue;
    }
    if (escape(argument) != argument) {
      line += quote_unprintable(argument);
      continue;
    }
    line += '\'';
    for (const char letter : argument) line += letter == '\'' ? std::string("'\\''") : std::string(1, letter);
    line += '\'';
  }
  return line;
}

std::string format_duration(std::chrono::microseconds duration) {
  const double seconds = std::chrono::duration<double>(duration).count();
  // The limits are where rounding would reach the next form: no "1000ms", no "60.0s".
  if (seconds < 0.00995) return fmt::format("{:.1f}ms", seconds * 1000);
  if (seconds < 0.9995) return fmt::format("{:.0f}ms", seconds * 1000);
  if (seconds < 59.95) return fmt::format("{:.1f}s", seconds);
  if (seconds < 60) return "1m00s";
  const auto whole = static_cast<long long>(seconds);
  if (whole < 3600) return fmt::format("{}m{:02}s", whole / 60, whole % 60);
  return fmt::format("{}h{:02}m", whole / 3600, whole / 60 % 60);
}

std::string format_size(std::uint64_t bytes) {
  if (bytes < 1024) return std::to_string(bytes);
  double amount = static_cast<double>(bytes);
  char unit = 'B';
  for (const char next : {'K', 'M', 'G', 'T'}) {
    if (amount < 1023.95) break;
    amount /= 1024;
    unit = next;
  }
  return fmt::format("{:.1f}{}", amount, unit);
}

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
  std::uint64_t total = 0;
  std::uint64_t last_factor = std::numeric_limits<std::uint64_t>::max();
  if (text.empty()) return std::nullopt;
  while (!text.empty()) {
    const auto number = take_number<std::uint64_t>(text);
    const auto letters = std::min(text.find_first_of("0123456789"), text.size());
    const auto* unit = std::find_if(std::begin(kDurationUnits), std::end(kDurationUnits),
                                    [&](const Unit& known) { return known.name == text.substr(0, letters); });
    if (!number || unit == std::end(kDurationUnits) || unit->factor >= last_factor) return std::nullopt;
    if (*number > kLongestDuration / unit->factor) return std::nullopt;
    total += *number * unit->factor;
    last_factor = unit->factor;
    text.remove_prefix(letters);
  }
  if (total > kLongestDuration) return std::nullopt;
  return std::chrono::milliseconds(total);
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
  const auto number = take_number<std::uint64_t>(text);
  if (!number || text.size() > 1) return std::nullopt;
  constexpr std::string_view kUnits = "KMGT";
  // No file system holds more, and what tmpfs would round up past the last number it takes for "no limit".
  constexpr std::uint64_t kMost = std::numeric_limits<std::int64_t>::max();
  if (text.empty()) return *number <= kMost ? number : std::nullopt;
  const auto unit = kUnits.find(static_cast<char>(std::toupper(static_cast<unsigned char>(text[0]))));
  if (unit == std::string_view::npos) return std::nullopt;
  const unsigned shift = 10 * (static_cast<unsigned>(unit) + 1);
  if (*number > kMost >> shift) return std::nullopt;
  return *number << shift;
}

std::string signal_name(int signal) {
  const char* name = ::sigabbrev_np(signal);
  return name != nullptr ? fmt::format("SIG{}", name) : fmt::format("signal {}", signal);
}

namespace {

/// "RTMIN", "RTMIN+2", "RTMAX-1", "RTMAX".
std::optional<int> parse_real_time(std::string_view name) {
  const bool from_least = name.starts_with("RTMIN");
  if (!from_least && !name.starts_with("RTMAX")) return std::nullopt;
  name.remove_prefix(5);
  int distance = 0;
  if (!name.empty()) {
    if (name.front() != (from_least ? '+' : '-')) return std::nullopt;
    name.remove_prefix(1);
    const auto number = take_number<int>(name);
    if (!number || !name.empty()) return std::nullopt;
    distance = *number;
  }
  if (distance < 0 || distance > SIGRTMAX - SIGRTMIN) return std::nullopt;
  return from_least ? SIGRTMIN + distance : SIGRTMAX - distance;
}

}  // namespace

std::optional<int> parse_signal(std::string_view text) {
  auto rest = text;
  if (const auto number = take_number<int>(rest); number && rest.empty()) {
    return *number > 0 && *number <= SIGRTMAX ? number : std::nullopt;
  }
  std::string name(text);
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char letter) { return static_cast<char>(std::toupper(letter)); });
  if (name.starts_with("SIG")) name.erase(0, 3);
  if (const auto real_time = parse_real_time(name)) return real_time;
  for (int signal = 1; signal < NSIG; ++signal) {
    const char* known = ::sigabbrev_np(signal);
    if (known != nullptr && name == known) return signal;
  }
  return std::nullopt;
}

}  // namespace nslaunch::sys
