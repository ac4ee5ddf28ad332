#pragma once

#include <nslaunch/fleet_events.hpp>

#include <exception>
#include <span>

#include "run/part/observers.hpp"

namespace nslaunch::run {

/// Notifies observers of the run of a fleet_of_one(). The command's output is not included: it goes where the
/// caller's does.
class OnePart {
 public:
  /// Begins the run. All must outlive it; `warn` receives the failures of observers.
  OnePart(const FleetSpec& fleet, std::span<FleetObserver* const> observers, Warn warn);

  bool wants_log() const;
  void logged(const LogEntry& entry);

  /// Call one of these, once.
  void ended(const Outcome& outcome);
  /// The command has not run, or its end is unknown.
  void never_ran(const std::exception& error);

 private:
  void finish(Attempt attempt);

  const FleetSpec& fleet_;
  Observers observers_;
  Warn warn_;
  FleetResult result_;
  RunningAttempt running_;
};

}  // namespace nslaunch::run
