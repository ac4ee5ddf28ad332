#include "run/part/one_part.hpp"

#include <nslaunch/error.hpp>
#include <nslaunch/exit_codes.hpp>
#include <nslaunch/run.hpp>

#include <filesystem>
#include <utility>

#include "run/part/status.hpp"
#include "shard/plan/artifacts.hpp"
#include "sys/base/check.hpp"

namespace nslaunch {
namespace run {
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

OnePart::OnePart(const FleetSpec& fleet, std::span<FleetObserver* const> observers, Warn warn)
    : fleet_(fleet),
      observers_(observers),
      warn_(std::move(warn)),
      result_(result_of_one(fleet)),
      running_{
          .part = result_.parts.front(), .id = fleet.shard.id, .began = std::chrono::steady_clock::now()} {
  observers_.notify(&FleetObserver::fleet_started, FleetStarted{.spec = fleet_, .total = 1});
  observers_.notify(&FleetObserver::attempt_started, AttemptStarted{running_});
}

void OnePart::ended(const Outcome& outcome) {
  Attempt attempt;
  attempt.status = status_of(outcome, fleet_.shard);
  attempt.started = true;
  attempt.outcome = outcome;
  attempt.exit_status = exit_status(outcome, fleet_.shard);
  finish(std::move(attempt));
}

bool OnePart::wants_log() const {
  return observers_.want_log();
}

void OnePart::logged(const LogEntry& entry) {
  observers_.notify(&FleetObserver::shard_logged, entry);
}

void OnePart::never_ran(const std::exception& error) {
  Attempt attempt;
  attempt.error = error.what();
  if (const auto* command = dynamic_cast<const CommandError*>(&error)) {
    attempt.status = Status::kFail;
    attempt.exit_status = command->exit_status();
  } else if (const auto* launch = dynamic_cast<const EndedLaunch*>(&error)) {
    attempt.status = Status::kCancelled;
    attempt.exit_status = status_of_signal(launch->signal());
  } else {
    attempt.status = Status::kError;
    attempt.exit_status = kOwnFailure;
  }
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
  observers_.notify(&FleetObserver::attempt_ended, AttemptEnded{.running = running_,
                                                                .part = part,
                                                                .attempt = part.attempts.back(),
                                                                .output_problem = {},
                                                                .warn = warn_});
  observers_.notify(&FleetObserver::part_settled,
                    PartSettled{.part = part, .passed = has_passed(part.status, fleet_.shard)});
  observers_.notify(&FleetObserver::fleet_ended, FleetEnded{.result = result_, .warn = warn_});
}

}  // namespace run

FleetSpec fleet_of_one(const ShardSpec& shard) {
  FleetSpec fleet;
  fleet.shard = shard;
  std::error_code unknown;
  const auto directory = std::filesystem::absolute(shard.workdir.empty() ? "." : shard.workdir, unknown);
  if (!unknown) fleet.shard.artifacts = shard::path_of_artifacts(shard, directory);
  fleet.run_id = shard.id;
  fleet.parts.push_back(
      {.index = shard.shard_index,
       .total = shard.shard_total,
       .name = shard.name.empty() ? fmt::format("shard-{}", shard.shard_index) : shard.name});
  return fleet;
}

Outcome run_fleet_of_one(const FleetSpec& fleet, std::span<FleetObserver* const> observers,
                         const Messages& messages, RunOptions options) {
  const Warn warn = messages.warning ? messages.warning : Warn([](std::string_view) {});
  if (fleet.parts.size() != 1) throw UsageError("a fleet of one has one part");
  run::OnePart part(fleet, observers, warn);
  auto with_log = messages;
  if (part.wants_log()) {
    with_log.log = [&part, before = messages.log](const LogEntry& entry) {
      if (before) before(entry);
      part.logged(entry);
    };
  }
  options.ended = [&part, before = std::move(options.ended)](const Outcome& outcome) {
    if (before) before(outcome);
    part.ended(outcome);
  };
  options.failed = [&part, before = std::move(options.failed)](const std::exception& error) {
    if (before) before(error);
    part.never_ran(error);
  };
  return run_shard(fleet.shard, with_log, options);
}

}  // namespace nslaunch
