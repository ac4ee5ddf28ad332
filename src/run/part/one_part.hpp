#pragma once

#include <nslaunch/fleet_events.hpp>

#include <chrono>
#include <span>
#include <string>

#include "run/part/observers.hpp"

namespace nslaunch::run {

/// What a run of one shard, which has an id, is to those who report on fleets: one with a single part. That
/// has the shard's name, or is called as --shards would call it.
FleetSpec fleet_of_one(const ShardSpec& shard);

/// Tells observers of such a run. There is none of the command's output, which goes where the caller's does.
class OnePart {
 public:
  /// The run begins. All must outlive it; `warn` takes what an observer can't do.
  OnePart(const FleetSpec& fleet, std::span<FleetObserver* const> observers, Warn warn);

  /// One of these is told, once.
  void ended(const Outcome& outcome);
  /// The command has not run. `exit_status`: the one to end with.
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
