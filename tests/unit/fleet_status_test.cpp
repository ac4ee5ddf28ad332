#include "run/part/status.hpp"

#include <nslaunch/run.hpp>

#include <catch2/catch.hpp>

#include "run/part/results.hpp"

namespace nslaunch {
namespace {

PartResult part_that_ended(Status status, bool started = true, int exit_status = 0) {
  PartResult part;
  Attempt attempt;
  attempt.started = started;
  attempt.exit_status = exit_status;
  attempt.status = part.status = status;
  part.attempts.push_back(attempt);
  return part;
}

FleetResult result_of(std::initializer_list<Status> statuses) {
  FleetResult result;
  for (const auto status : statuses) result.parts.push_back(part_that_ended(status));
  return result;
}

int exit_of(std::initializer_list<Status> statuses, LeakPolicy leaks = LeakPolicy::kWarn) {
  FleetSpec spec;
  spec.shard.leaks = leaks;
  return exit_status(result_of(statuses), spec);
}

/// Of parts that all failed with these before they were executed.
int exit_of_unstarted(std::initializer_list<int> exit_statuses) {
  FleetResult result;
  for (const int status : exit_statuses)
    result.parts.push_back(part_that_ended(Status::kFail, false, status));
  return exit_status(result, {});
}

Status status_with(int exit_status, int signal, EndCause cause, std::size_t leaks,
                   LeakPolicy policy = LeakPolicy::kWarn) {
  Outcome outcome;
  outcome.exit_status = exit_status;
  outcome.term_signal = signal;
  outcome.cause = cause;
  outcome.leak_count = leaks;
  ShardSpec spec;
  spec.leaks = policy;
  return run::status_of(outcome, spec);
}

}  // namespace

TEST_CASE("parts that never ran are results once each, however many they are") {
  constexpr unsigned kParts = 200'000;
  FleetSpec spec;
  for (unsigned index = 1; index <= kParts; ++index)
    spec.parts.push_back({.index = index, .total = kParts, .name = {}});
  run::Results results(spec);
  results.part_of({.part = 1, .repetition = 1});
  results.part_of({.part = 1, .repetition = 2});
  const auto result = results.take();
  CHECK(result.parts.size() == kParts + 1);
  CHECK(result.parts.back().repetition == 2);
}

TEST_CASE("a part is found again however many there are, and results are in the parts' order") {
  constexpr unsigned kParts = 200'000;  // a search through all of them for each would not end
  FleetSpec spec;
  for (unsigned index = 1; index <= kParts; ++index)
    spec.parts.push_back({.index = index, .total = kParts, .name = {}});
  run::Results results(spec);
  for (std::size_t part = kParts; part > 0; --part) results.part_of({.part = part - 1});
  std::size_t found = 0;
  for (std::size_t part = kParts; part > 0; --part)
    found += results.part_of({.part = part - 1, .attempt = 2}).part.index == part ? 1U : 0U;
  CHECK(found == kParts);
  const auto result = results.take();
  CHECK(result.parts.size() == kParts);
  CHECK(result.parts.front().part.index == 1);
  CHECK(result.parts.back().part.index == kParts);
}

TEST_CASE("until something fails those that passed are only counted, and are no results") {
  FleetSpec spec;
  spec.until_fail = true;
  spec.parts = {{.index = 1, .total = 2, .name = "a"}, {.index = 2, .total = 2, .name = "b"}};
  run::Results results(spec);
  const auto settle = [&](const run::Turn& turn, Status status) {
    auto& part = results.part_of(turn);
    part.attempts.emplace_back().status = status;
    const bool passed = results.settle(turn, part);
    if (passed) results.only_count(turn);
    return passed;
  };
  CHECK(settle({.part = 0}, Status::kPass));
  CHECK(settle({.part = 0, .repetition = 2}, Status::kPass));
  CHECK_FALSE(settle({.part = 1}, Status::kFail));
  const auto result = results.take();
  CHECK(result.passed_before == 2);
  REQUIRE(result.parts.size() == 1);
  CHECK(result.parts.front().part.name == "b");
}

TEST_CASE("a fleet's exit status is that of its worst shard") {
  CHECK(exit_of({Status::kPass, Status::kSlow, Status::kFlaky, Status::kLeak}) == 0);
  CHECK(exit_of({Status::kPass, Status::kLeak}, LeakPolicy::kFail) == 123);
  CHECK(exit_of({Status::kLeak, Status::kFail, Status::kPass}, LeakPolicy::kFail) == 1);
  CHECK(exit_of({Status::kKilled}) == 1);
  CHECK(exit_of({Status::kPass, Status::kCancelled}) == 1);
  CHECK(exit_of({Status::kFail, Status::kTimeout, Status::kLeak}, LeakPolicy::kFail) == 124);
  CHECK(exit_of({Status::kTimeout, Status::kError, Status::kFail}) == 125);
}

TEST_CASE("126 and 127 are for a fleet of which nothing was executed, for one reason") {
  CHECK(exit_of_unstarted({127, 127}) == 127);
  CHECK(exit_of_unstarted({126}) == 126);
  CHECK(exit_of_unstarted({126, 127}) == 1);
  auto mixed = result_of({Status::kPass});
  mixed.parts.push_back(part_that_ended(Status::kFail, false, 127));
  CHECK(exit_status(mixed, {}) == 1);
}

TEST_CASE("a fleet that a signal or --total-timeout has ended says so") {
  auto result = result_of({Status::kPass, Status::kCancelled});
  result.end = FleetEnd::kTotalTimeout;
  CHECK(exit_status(result, {}) == 124);
  result.term_signal = 15;
  CHECK(exit_status(result, {}) == 143);
}

TEST_CASE("how a shard ended: a hang before a signal, a failure before a leak") {
  CHECK(status_with(0, 0, EndCause::kNone, 1) == Status::kLeak);
  CHECK(status_with(1, 0, EndCause::kNone, 1) == Status::kFail);
  CHECK(status_with(0, 9, EndCause::kNone, 1) == Status::kKilled);
  CHECK(status_with(0, 15, EndCause::kTimeout, 0) == Status::kTimeout);
  CHECK(status_with(143, 0, EndCause::kTerminated, 0) == Status::kKilled);
  CHECK(status_with(0, 0, EndCause::kTerminated, 0) == Status::kPass);
  CHECK(status_with(0, 0, EndCause::kSilence, 0) == Status::kTimeout);
  CHECK(status_with(0, 0, EndCause::kNone, 1, LeakPolicy::kIgnore) == Status::kPass);
}

TEST_CASE("a passed command whose leaks nobody knows has leaked with --leaks=fail, and passed without") {
  Outcome outcome;
  outcome.leaks_unknown = true;
  ShardSpec spec;
  CHECK(run::status_of(outcome, spec) == Status::kPass);
  CHECK(exit_status(outcome, spec) == 0);
  spec.leaks = LeakPolicy::kFail;
  CHECK(run::status_of(outcome, spec) == Status::kLeak);
  CHECK(exit_status(outcome, spec) == 123);
  outcome.exit_status = 6;
  CHECK(run::status_of(outcome, spec) == Status::kFail);
  CHECK(exit_status(outcome, spec) == 6);
}

}  // namespace nslaunch
