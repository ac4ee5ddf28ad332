#include "run/part/results.hpp"

#include <nslaunch/exit_codes.hpp>

#include <algorithm>
#include <chrono>
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
  const auto [found, is_new] = parts_.try_emplace({turn.repetition, turn.part});
  if (is_new) {
    found->second.part = spec_.parts[turn.part];
    found->second.repetition = turn.repetition;
  }
  return found->second;
}

bool Results::settle(const Turn& turn, PartResult& part) {
  part.status = part.attempts.back().status;
  const bool passed = has_passed(part.status, spec_.shard);
  if (passed && turn.attempt > 1) part.status = Status::kFlaky;
  return passed;
}

void Results::only_count(const Turn& turn) {
  const auto found = parts_.find({turn.repetition, turn.part});
  ++result_.passed_before;
  for (const auto& attempt : found->second.attempts)
    result_.passed_before_time += std::chrono::duration_cast<Milliseconds>(time_of(attempt));
  parts_.erase(found);
}

FleetResult Results::take() {
  if (!spec_.until_fail) {  // those that have never run, in the first repetition
    for (std::size_t place = 0; place < spec_.parts.size(); ++place) part_of({.part = place});
  }
  result_.parts.reserve(parts_.size());
  for (auto& [key, part] : parts_) result_.parts.push_back(std::move(part));
  result_.term_signal = signal_;
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
