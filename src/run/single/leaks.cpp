#include "run/single/leaks.hpp"

#include <algorithm>

#include "sys/base/check.hpp"
#include "sys/base/text.hpp"
#include "sys/base/values.hpp"

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

bool has_leaked(const Outcome& outcome, const ShardSpec& spec) noexcept {
  if (spec.leaks == LeakPolicy::kIgnore) return false;
  return outcome.leak_count > 0 || (outcome.leaks_unknown && spec.leaks == LeakPolicy::kFail);
}

std::string left_running(const Outcome& outcome) {
  if (outcome.leak_count == 0) return "what was left running is unknown";
  return fmt::format("{}{} left running", outcome.leaks_unknown ? "at least " : "", outcome.leak_count);
}

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
