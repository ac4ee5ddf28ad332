#pragma once

#include <nslaunch/fleet_events.hpp>

#include <chrono>
#include <span>
#include <string>

#include "run/part/observers.hpp"

namespace nslaunch::run {

/// A run of one shard, which has an id, as a fleet with a single part, for reports on fleets. The part has
/// the shard's name, or the one that --shards would give it.
FleetSpec fleet_of_one(const ShardSpec& shard);

/// Notifies observers of such a run. The command's output is not included: it goes where the caller's does.
class OnePart {
 public:
  /// Begins the run. All must outlive it; `warn` receives the failures of observers.
  OnePart(const FleetSpec& fleet, std::span<FleetObserver* const> observers, Warn warn);

  /// Call one of these, once.
  void ended(const Outcome& outcome);
  /// The command has not run. `exit_status`: the status to exit with.
  void never_ran(const std::string& error, Status status, int exit_status);

 private:
  void finish(Attempt attempt);

  const FleetSpec& fleet_;
  Observers observers_;
  Warn warn_;
  FleetResult result_;
  RunningAttempt running_;
};

}  // namespace nslaunch::run
