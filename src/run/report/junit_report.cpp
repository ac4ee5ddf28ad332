#include "run/report/junit_report.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <climits>
#include <ctime>

#include "run/part/status.hpp"
#include "run/single/leaks.hpp"
#include "sys/base/check.hpp"
#include "sys/base/text.hpp"

namespace nslaunch::run {
namespace {

constexpr std::size_t kLinesOfFailure = 200;
constexpr const char* kShardClass = "nslaunch";

std::string end_of_output(const Attempt& attempt) {
  return fmt::format("{}", fmt::join(sys::last_lines(attempt.last_output, kLinesOfFailure), "\n"));
}

std::string leaks_as_text(const Attempt& attempt) {
  return fmt::format("{}", fmt::join(leak_lines(attempt.outcome), "\n"));
}

std::string in_utc(std::int64_t milliseconds) {
  const std::time_t seconds = milliseconds / 1000;
  std::tm utc = {};
  ::gmtime_r(&seconds, &utc);
  std::array<char, 32> text{};
  return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &utc)};
}

std::string host_name() {
  std::array<char, HOST_NAME_MAX + 1> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? std::string(name.data()) : "";
}

std::string seconds_of(const PartResult& part) {
  std::chrono::microseconds sum{0};
  for (const auto& attempt : part.attempts) sum += time_of(attempt);
  return fmt::format("{:.3f}", std::chrono::duration<double>(sum).count());
}

/// An earlier try, as Surefire names it: flaky if the last one passed, else a rerun.
JunitRemark earlier_try(const Attempt& attempt, const FleetSpec& spec, bool passed_later) {
  const char* kind = attempt.status == Status::kError ? "Error" : "Failure";
  return {.element = fmt::format("{}{}", passed_later ? "flaky" : "rerun", kind),
          .type = to_string(attempt.status),
          .message = describe_end(attempt, spec.shard),
          .text = attempt.hint,
          .output = end_of_output(attempt)};
}

JunitRemark failure(const Attempt& attempt, const FleetSpec& spec) {
  const bool leaked = attempt.status == Status::kLeak;
  return {.element = attempt.status == Status::kError ? "error" : "failure",
          .type = to_string(attempt.status),
          .message = leaked ? left_running(attempt.outcome) : describe_end(attempt, spec.shard),
          .text = leaked                 ? leaks_as_text(attempt)
                  : attempt.hint.empty() ? end_of_output(attempt)
                                         : attempt.hint + "\n" + end_of_output(attempt)};
}

JunitCase case_of_shard(const PartResult& part, const FleetSpec& spec) {
  JunitCase shard{
      .name = label_of(part, spec), .class_name = kShardClass, .time = seconds_of(part), .remarks = {}};
  if (part.status == Status::kCancelled) {
    const bool ran = !part.attempts.empty() && part.attempts.back().started;
    shard.remarks.push_back(
        {.element = "skipped", .message = ran ? "cancelled" : "cancelled before its command ran"});
  }
  if (part.attempts.empty()) return shard;
  const auto& last = part.attempts.back();
  const bool passed = has_passed(part.status, spec.shard);
  if (!passed && part.status != Status::kCancelled) shard.remarks.push_back(failure(last, spec));
  for (auto attempt = part.attempts.begin(); attempt != part.attempts.end() - 1; ++attempt)
    shard.remarks.push_back(earlier_try(*attempt, spec, passed));
  if (last.outcome.leak_count > 0 && spec.shard.leaks != LeakPolicy::kIgnore)
    shard.remarks.push_back({.element = "system-err", .text = "left running:\n" + leaks_as_text(last)});
  return shard;
}

std::optional<JunitCollector> collector_of(const FleetSpec& spec, const std::vector<std::string>& patterns) {
  if (patterns.empty()) return std::nullopt;
  return JunitCollector(spec, patterns);
}

}  // namespace

std::vector<JunitSuite> junit_of(const FleetResult& result, const FleetSpec& spec,
                                 const ReportedCases& reported) {
  std::vector<JunitSuite> suites;
  const auto host = host_name();
  for (const auto& part : result.parts) {
    const bool ran = !part.attempts.empty();
    JunitSuite suite{.name = label_of(part, spec),
                     .time = seconds_of(part),
                     .timestamp = in_utc(ran ? part.attempts.front().started_at : result.started_at),
                     .host = host,
                     .properties = {{"index", std::to_string(part.part.index)},
                                    {"total", std::to_string(part.part.total)},
                                    {"run_id", result.run_id},
                                    {"status", to_string(part.status)},
                                    {"attempts", std::to_string(part.attempts.size())}},
                     .cases = {case_of_shard(part, spec)}};
    if (ran) suite.properties.emplace_back("id", part.attempts.back().id);
    const auto own = ran ? reported.find(part.attempts.back().id) : reported.end();
    if (own != reported.end()) suite.cases.insert(suite.cases.end(), own->second.begin(), own->second.end());
    suites.push_back(std::move(suite));
  }
  return suites;
}

JunitObserver::JunitObserver(const FleetSpec& spec, const std::string& path,
                             const std::vector<std::string>& collected)
    : spec_(spec), collector_(collector_of(spec, collected)), file_(path, "--report-junit") {}

void JunitObserver::attempt_ended(const AttemptEnded& event) {
  if (collector_) collector_->attempt_ended(event);
}

void JunitObserver::fleet_ended(const FleetEnded& event) {
  const ReportedCases none;
  file_.write(junit_text(junit_of(event.result, spec_, collector_ ? collector_->cases() : none)), event.warn);
}

}  // namespace nslaunch::run
