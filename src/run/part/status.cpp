#include "run/part/status.hpp"

#include <nslaunch/exit_codes.hpp>
#include <nslaunch/run.hpp>

#include <algorithm>
#include <array>
#include <map>

#include "run/single/leaks.hpp"
#include "sys/base/check.hpp"
#include "sys/base/values.hpp"

namespace nslaunch {
namespace {

bool has(const FleetResult& result, Status status) {
  return std::any_of(result.parts.begin(), result.parts.end(),
                     [status](const PartResult& part) { return part.status == status; });
}

bool has_run(const PartResult& part) {
  return std::any_of(part.attempts.begin(), part.attempts.end(),
                     [](const Attempt& attempt) { return attempt.started; });
}

/// 126 or 127 if no command was executed, all for the same reason; 0 if none failed; else 1.
int status_of_failures(const FleetResult& result) {
  const bool any_ran =
      result.passed_before > 0 || std::any_of(result.parts.begin(), result.parts.end(), has_run);
  int common = 0;
  for (const auto& part : result.parts) {
    if (part.status != Status::kFail && part.status != Status::kKilled) continue;
    const int status = part.attempts.back().exit_status;
    if (any_ran || (common != 0 && common != status)) return kSomeFailed;
    common = status;
  }
  return common;
}

}  // namespace

const char* to_string(Status status) noexcept {
  constexpr std::array kWords = {"ERROR", "TIMEOUT", "KILLED", "FAIL", "CANCELLED",
                                 "FLAKY", "LEAK",    "SLOW",   "PASS"};
  return kWords.at(static_cast<std::size_t>(status));
}

int exit_status(const FleetResult& result, const FleetSpec& spec) noexcept {
  if (result.term_signal != 0) return status_of_signal(result.term_signal);
  if (has(result, Status::kError) || result.output_error) return kOwnFailure;
  if (has(result, Status::kTimeout) || result.end == FleetEnd::kTotalTimeout) return kTimedOut;
  if (const int status = status_of_failures(result); status != 0) return status;
  if (has(result, Status::kCancelled)) return kSomeFailed;
  if (spec.shard.leaks == LeakPolicy::kFail && has(result, Status::kLeak)) return kLeaked;
  return 0;
}

namespace run {

Status status_of(const Outcome& outcome, const ShardSpec& spec) noexcept {
  if (is_hang(outcome.cause)) return Status::kTimeout;
  if (outcome.term_signal != 0) return Status::kKilled;
  if (outcome.exit_status != 0) return outcome.cause == EndCause::kNone ? Status::kFail : Status::kKilled;
  return has_leaked(outcome, spec) ? Status::kLeak : Status::kPass;
}

bool has_passed(Status status, const ShardSpec& spec) noexcept {
  if (status == Status::kLeak) return spec.leaks != LeakPolicy::kFail;
  return status == Status::kPass || status == Status::kSlow || status == Status::kFlaky;
}

std::string describe_end(const Attempt& attempt, const ShardSpec& spec) {
  const auto& outcome = attempt.outcome;
  if (!attempt.error.empty()) return attempt.error;
  if (outcome.cause == EndCause::kTimeout) return "ran longer than " + sys::format_duration(*spec.timeout);
  if (outcome.cause == EndCause::kSilence) return "wrote nothing for " + sys::format_duration(*spec.silence);
  if (outcome.memory_limit_reached)
    return fmt::format("reached its --memory {}, and the kernel ended all of it",
                       sys::format_size(spec.memory_limit));
  if (outcome.out_of_memory) return "was ended by the kernel's OOM killer";
  if (outcome.term_signal != 0) return "died of " + sys::signal_name(outcome.term_signal);
  return fmt::format("exit status {}", outcome.exit_status);
}

std::string label_of(const PartResult& part, const FleetSpec& spec) {
  if (spec.repeat == 1 && !spec.until_fail) return part.part.name;
  return fmt::format("{} (repetition {})", part.part.name, part.repetition);
}

std::string counts_of(const FleetResult& result) {
  std::map<Status, std::size_t> counts;
  for (const auto& part : result.parts) ++counts[part.status];
  counts[Status::kPass] += result.passed_before;
  std::vector<std::string> words;
  for (auto count = counts.rbegin(); count != counts.rend(); ++count) {
    if (count->second > 0) words.push_back(fmt::format("{} {}", count->second, to_string(count->first)));
  }
  return fmt::format("{}", fmt::join(words, ", "));
}

std::chrono::microseconds time_of(const Attempt& attempt) noexcept {
  return attempt.outcome.setup + attempt.outcome.duration + attempt.outcome.teardown;
}

}  // namespace run
}  // namespace nslaunch
