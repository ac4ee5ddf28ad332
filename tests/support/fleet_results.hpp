#pragma once

#include <nslaunch/fleet.hpp>

#include <string>
#include <utility>
#include <vector>

namespace nslaunch::test {

/// Results of runs that never were.
inline Attempt attempt_with(Status status, int exit_status = 0) {
  Attempt attempt;
  attempt.status = status;
  attempt.id = "0123abcd";
  attempt.started_at = 1'700'000'000'123;
  attempt.started = status != Status::kError;
  attempt.exit_status = exit_status;
  attempt.outcome.exit_status = exit_status;
  attempt.outcome.duration = std::chrono::milliseconds(1500);
  return attempt;
}

inline PartResult part_with(unsigned index, std::vector<Attempt> attempts) {
  return {.part = {.index = index, .total = 4, .name = "shard-" + std::to_string(index)},
          .status = attempts.empty() ? Status::kCancelled : attempts.back().status,
          .command = {"npm", "test"},
          .attempts = std::move(attempts)};
}

inline FleetResult result_with(std::vector<PartResult> parts) {
  FleetResult result;
  result.run_id = "89abcdef";
  result.started_at = 1'700'000'000'000;
  result.wall = std::chrono::seconds(3);
  result.parts = std::move(parts);
  return result;
}

}  // namespace nslaunch::test
