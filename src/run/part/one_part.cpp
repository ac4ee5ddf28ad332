#include "run/part/one_part.hpp"

#include <nslaunch/run.hpp>

#include <utility>

#include "run/part/status.hpp"
#include "sys/base/check.hpp"

namespace nslaunch::run {
namespace {

/// The result before anything has run.
FleetResult result_of_one(const FleetSpec& fleet) {
  FleetResult result;
  result.run_id = fleet.run_id;
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  result.started_at = std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
  result.parts.push_back({.part = fleet.parts.front(), .command = fleet.shard.command, .attempts = {}});
  return result;
}

}  // namespace

FleetSpec fleet_of_one(const ShardSpec& shard) {
  FleetSpec fleet;
  fleet.shard = shard;
  fleet.run_id = shard.id;
  fleet.parts.push_back(
      {.index = shard.shard_index,
       .total = shard.shard_total,
       .name = shard.name.empty() ? fmt::format("shard-{}", shard.shard_index) : shard.name});
  return fleet;
}

OnePart::OnePart(const FleetSpec& fleet, std::span<FleetObserver* const> observers, Warn warn)
    : fleet_(fleet),
      observers_(observers),
      warn_(std::move(warn)),
      result_(result_of_one(fleet)),
      running_{
          .part = result_.parts.front(), .id = fleet.shard.id, .began = std::chrono::steady_clock::now()} {
  observers_.tell(&FleetObserver::fleet_started, FleetStarted{.spec = fleet_, .total = 1});
  observers_.tell(&FleetObserver::attempt_started, AttemptStarted{running_});
}

void OnePart::ended(const Outcome& outcome) {
  Attempt attempt;
  attempt.status = status_of(outcome, fleet_.shard);
  attempt.started = true;
  attempt.outcome = outcome;
  attempt.exit_status = exit_status(outcome, fleet_.shard);
  finish(std::move(attempt));
}

void OnePart::never_ran(const std::string& error, Status status, int exit_status) {
  Attempt attempt;
  attempt.status = status;
  attempt.error = error;
  attempt.exit_status = exit_status;
  finish(std::move(attempt));
}

void OnePart::finish(Attempt attempt) {
  attempt.id = fleet_.shard.id;
  attempt.started_at = result_.started_at;
  attempt.directory = fleet_.shard.artifacts;
  auto& part = result_.parts.front();
  part.status = attempt.status;
  part.attempts.push_back(std::move(attempt));
  result_.wall = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() -
                                                                       running_.began);
  observers_.tell(&FleetObserver::attempt_ended, AttemptEnded{.running = running_,
                                                              .part = part,
                                                              .attempt = part.attempts.back(),
                                                              .output_problem = {},
                                                              .warn = warn_});
  observers_.tell(&FleetObserver::part_settled,
                  PartSettled{.part = part, .passed = has_passed(part.status, fleet_.shard)});
  observers_.tell(&FleetObserver::fleet_ended, FleetEnded{.result = result_, .warn = warn_});
}

}  // namespace nslaunch::run
