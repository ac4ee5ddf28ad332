#include "run/part/results.hpp"

#include <nslaunch/exit_codes.hpp>

#include <algorithm>
#include <chrono>
#include <set>
#include <utility>

#include "run/part/status.hpp"

namespace nslaunch::run {
namespace {

using Milliseconds = std::chrono::milliseconds;

}  // namespace

Results::Results(const FleetSpec& spec) : spec_(spec) {
  result_.run_id = spec.run_id;
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  result_.started_at = std::chrono::duration_cast<Milliseconds>(now).count();
}

PartResult& Results::part_of(const Turn& turn) {
  const auto is_it = [&](const auto& part) {
    return part->part.index == spec_.parts[turn.part].index && part->repetition == turn.repetition;
  };
  if (turn.attempt > 1) {  // of a first attempt there is none, however many are looked at
    const auto found = std::find_if(parts_.rbegin(), parts_.rend(), is_it);
    if (found != parts_.rend()) return **found;
  }
  parts_.push_back(std::make_unique<PartResult>(PartResult{
      .part = spec_.parts[turn.part], .repetition = turn.repetition, .command = {}, .attempts = {}}));
  return *parts_.back();
}

bool Results::settle(const Turn& turn, PartResult& part) {
  part.status = part.attempts.back().status;
  const bool passed = has_passed(part.status, spec_.shard);
  if (passed && turn.attempt > 1) part.status = Status::kFlaky;
  ++settled_;
  if (!passed) ++failed_;
  if (passed && spec_.until_fail) only_count(part);
  return passed;
}

void Results::only_count(const PartResult& part) {
  ++result_.passed_before;
  for (const auto& attempt : part.attempts)
    result_.passed_before_time += std::chrono::duration_cast<Milliseconds>(attempt.outcome.duration);
  std::erase_if(parts_, [&](const auto& other) { return other.get() == &part; });
}

void Results::add_those_that_never_ran() {
  if (spec_.until_fail) return;
  std::set<unsigned> have_run;
  for (const auto& part : result_.parts) have_run.insert(part.part.index);
  for (const auto& part : spec_.parts) {
    if (!have_run.contains(part.index))
      result_.parts.push_back({.part = part, .command = {}, .attempts = {}});
  }
}

FleetResult Results::take() {
  for (auto& part : parts_) result_.parts.push_back(std::move(*part));
  add_those_that_never_ran();
  result_.term_signal = signal_;
  const auto order = [](const PartResult& one, const PartResult& other) {
    return std::pair(one.repetition, one.part.index) < std::pair(other.repetition, other.part.index);
  };
  std::stable_sort(result_.parts.begin(), result_.parts.end(), order);
  return std::move(result_);
}

FleetResult refused_fleet(const FleetSpec& spec, const std::string& error) {
  Attempt attempt;
  attempt.status = Status::kError;
  attempt.error = error;
  attempt.exit_status = kOwnFailure;
  auto result = Results(spec).take();
  attempt.started_at = result.started_at;
  for (auto& part : result.parts) {
    part.status = Status::kError;
    part.command = spec.shard.command;
    part.attempts = {attempt};
  }
  return result;
}

}  // namespace nslaunch::run
