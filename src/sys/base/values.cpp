#include "sys/base/values.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <cctype>
#include <charconv>
#include <csignal>
#include <cstring>
#include <limits>

namespace nslaunch::sys {
namespace {

/// As take_number, but nothing may precede the digits.
template <typename Number>
std::optional<Number> take_digits(std::string_view& text) {
  return blanks(text) == 0 ? take_number<Number>(text) : std::nullopt;
}

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

constexpr Unit kDurationUnits[] = {
    {"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}};
constexpr std::uint64_t kLongestDuration = 3650ULL * 86'400'000;

/// "RTMIN", "RTMIN+2", "RTMAX-1", "RTMAX".
std::optional<int> parse_real_time(std::string_view name) {
  const bool from_least = name.starts_with("RTMIN");
  if (!from_least && !name.starts_with("RTMAX")) return std::nullopt;
  name.remove_prefix(5);
  int distance = 0;
  if (!name.empty()) {
    if (name.front() != (from_least ? '+' : '-')) return std::nullopt;
    name.remove_prefix(1);
    const auto number = take_digits<int>(name);
    if (!number || !name.empty()) return std::nullopt;
    distance = *number;
  }
  if (distance < 0 || distance > SIGRTMAX - SIGRTMIN) return std::nullopt;
  return from_least ? SIGRTMIN + distance : SIGRTMAX - distance;
}

}  // namespace

std::optional<std::uint64_t> leading_number(std::string_view text) noexcept {
  return take_number<std::uint64_t>(text);
}

std::optional<std::uint64_t> number_after(std::string_view text, std::string_view label) noexcept {
  const auto found = text.find(label);
  if (found == std::string_view::npos) return std::nullopt;
  return leading_number(text.substr(found + label.size()));
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
    const auto number = take_digits<std::uint64_t>(text);
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
  const auto number = take_digits<std::uint64_t>(text);
  if (!number || text.size() > 1) return std::nullopt;
  constexpr std::string_view kUnits = "KMGT";
  // No file system holds more, and tmpfs treats a size that overflows when rounded up as "no limit".
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

std::optional<int> parse_signal(std::string_view text) {
  auto rest = text;
  if (const auto number = take_digits<int>(rest); number && rest.empty()) {
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
