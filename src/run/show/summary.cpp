#include "run/show/summary.hpp"

#include <nslaunch/engine.hpp>

#include <algorithm>
#include <array>

#include "run/part/expand_spec.hpp"
#include "run/part/status.hpp"
#include "run/single/leaks.hpp"
#include "shard/diagnose/explain.hpp"
#include "sys/base/check.hpp"
#include "sys/base/text.hpp"
#include "sys/base/values.hpp"

namespace nslaunch::run {
namespace {

constexpr std::size_t kLinesOfOutput = 20;
constexpr std::size_t kLongestShownLine = 500;

std::string coloured(Status status, bool colour) {
  if (!colour) return to_string(status);
  const bool passed = status == Status::kPass;
  const bool doubtful = status == Status::kFlaky || status == Status::kLeak || status == Status::kSlow;
  return fmt::format("\033[{}m{}\033[0m", passed ? 32 : doubtful ? 33 : 31, to_string(status));
}

/// Details besides the status word.
std::string remark(const Attempt& attempt, const FleetSpec& spec) {
  const auto& outcome = attempt.outcome;
  if (attempt.status == Status::kCancelled) return attempt.started ? "" : " before its command ran";
  std::string text;
  if (attempt.status < Status::kCancelled) text = ": " + describe_end(attempt, spec.shard);
  if (has_leaked(outcome, spec.shard))
    text += fmt::format("{} {}", text.empty() ? ":" : ",", left_running(outcome));
  return text;
}

std::string command_to_run_again(const PartResult& part, const FleetSpec& spec,
                                 const std::vector<std::string>& options) {
  std::vector<std::string> words{"nslaunch", "run"};
  const TemplateValues values{.index = part.part.index,
                              .total = part.part.total,
                              .name = part.part.name,
                              .id = part.attempts.back().id,
                              .line = part.part.line};
  // If another user chose the names, a command that root runs must not use them as root's own.
  const bool is_anothers_list = part.part.line && other_user(spec.shard) != nullptr;
  for (const auto& word : options) {
    const bool is_path = words.back() == "--pcap" || words.back() == "--overlay";
    if (is_path && is_anothers_list && word.find('{') != word.npos) {
      const bool is_capture = words.back() == "--pcap";
      if (is_capture) words.pop_back();
      if (!is_capture) words.push_back(word.substr(0, word.rfind('=')));
      continue;
    }
    const bool is_template = is_path || words.back() == "--env";
    words.push_back(is_template ? expand(word, is_path ? values_in_path(values) : values) : word);
  }
  for (const auto& kind : spec.shard_env) {
    for (const auto& variable : shard_variables(kind, {part.part.index, part.part.total}, true))
      words.insert(words.end(), {"--env", variable});
  }
  if (part.part.total > 1) {
    words.insert(words.end(), {"--shard", fmt::format("{}/{}", part.part.index, part.part.total)});
  }
  words.emplace_back("--");
  words.insert(words.end(), part.command.begin(), part.command.end());
  return sys::shell_quote(words);
}

void add_output(std::vector<std::string>& lines, const Attempt& attempt, const FleetSpec& spec) {
  for (const auto& line : sys::last_lines(attempt.last_output, kLinesOfOutput))
    lines.push_back("    " + sys::escape(line.substr(0, kLongestShownLine)));
  if (sys::last_lines(attempt.last_output, kLinesOfOutput + 1).size() <= kLinesOfOutput) return;
  if (!attempt.directory.empty()) {
    lines.push_back("    all of it: " + sys::escape(attempt.directory));
  } else if (spec.shard.artifacts.empty()) {
    lines.emplace_back("    all of it is above; to keep it in files: --artifacts DIR");
  }
}

void add_part(std::vector<std::string>& lines, const PartResult& part, const FleetSpec& spec,
              const DisplaySettings& settings) {
  if (part.attempts.empty()) return;
  const auto& last = part.attempts.back();
  const bool failed = part.status < Status::kCancelled;
  lines.push_back(
      fmt::format("{} {}{}{}", coloured(part.status, settings.colour), sys::escape(label_of(part, spec)),
                  remark(last, spec),
                  part.attempts.size() > 1 ? fmt::format(" ({} attempts)", part.attempts.size()) : ""));
  if (failed) add_output(lines, last, spec);
  if (!last.hint.empty()) lines.push_back("  " + last.hint);
  for (const auto& attempt : part.attempts) {
    if (spec.shard.leaks == LeakPolicy::kIgnore) break;
    for (const auto& leak : leak_lines(attempt.outcome)) lines.push_back("  left running: " + leak);
  }
  if (!last.outcome.all_gone)
    lines.push_back("  " + shard::explain_blocked_end(last.outcome.teardown_blocker));
  if (failed) lines.push_back("  again: " + command_to_run_again(part, spec, settings.options_to_run_again));
}

/// The time of all parts in sequence, including all attempts.
std::chrono::microseconds sum_of_times(const FleetResult& result) {
  std::chrono::microseconds sum = result.passed_before_time;
  for (const auto& part : result.parts) {
    for (const auto& attempt : part.attempts) sum += time_of(attempt);
  }
  return sum;
}

std::string why_ended(FleetEnd end) {
  constexpr std::array kWhy = {"",
                               "; ended at the first failure",
                               "; repeated until it failed",
                               "; --total-timeout has passed",
                               "; interrupted",
                               "; told to end",
                               "; whoever started nslaunch has ended"};
  return kWhy.at(static_cast<std::size_t>(end));
}

}  // namespace

std::string ended_line(const AttemptEnded& event, const FleetSpec& spec, bool colour) {
  const auto& attempt = event.attempt;
  const auto why = remark(attempt, spec);
  auto line =
      fmt::format("{} {}{}, {}", coloured(attempt.status, colour), sys::escape(label_of(event.part, spec)),
                  std::string_view(why).substr(0, why.find('\n')), sys::format_duration(time_of(attempt)));
  if (event.again)
    line += fmt::format("; attempt {} of {} follows", event.running.number + 1, spec.retries + 1);
  return line;
}

std::string summary_of(const FleetResult& result, const FleetSpec& spec, const DisplaySettings& settings) {
  std::vector<std::string> lines;
  const auto is_listed = [](const PartResult& part) {
    return part.status != Status::kPass && part.status != Status::kCancelled;
  };
  for (const auto& part : result.parts) {
    const bool gone = part.attempts.empty() || part.attempts.back().outcome.all_gone;
    if (is_listed(part) || !gone) add_part(lines, part, spec, settings);
  }
  lines.push_back(fmt::format("{} in {} ({} one after the other){}", counts_of(result),
                              sys::format_duration(result.wall), sys::format_duration(sum_of_times(result)),
                              why_ended(result.end)));
  return fmt::format("{}", fmt::join(lines, "\n"));
}

}  // namespace nslaunch::run
