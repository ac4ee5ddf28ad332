#include "run/leaks.hpp"

#include <algorithm>

#include "sys/check.hpp"
#include "sys/text.hpp"
#include "sys/values.hpp"

namespace nslaunch::run {
namespace {

constexpr std::size_t kMostAddresses = 12;

std::string listening(const Leak& leak) {
  if (leak.listening.empty()) return {};
  std::vector<std::string> shown;
  for (const auto& address : leak.listening) shown.push_back(sys::escape(address));
  const auto rest = shown.size() - std::min(shown.size(), kMostAddresses);
  shown.resize(shown.size() - rest);
  return fmt::format(", listening on {}{}", fmt::join(shown, ", "),
                     rest > 0 ? fmt::format(" and {} more", rest) : "");
}

}  // namespace

std::vector<std::string> leak_lines(const Outcome& outcome) {
  std::vector<std::string> lines;
  for (const auto& leak : outcome.leaks) {
    lines.push_back(fmt::format("pid {} (parent {}), {} old{}: {}", leak.pid, leak.parent_pid,
                                sys::format_duration(leak.age), listening(leak),
                                sys::escape(leak.command_line)));
  }
  if (outcome.leak_count > outcome.leaks.size())
    lines.push_back(fmt::format("and {} more", outcome.leak_count - outcome.leaks.size()));
  return lines;
}

}  // namespace nslaunch::run
