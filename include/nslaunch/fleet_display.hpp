#pragma once

#include <nslaunch/fleet.hpp>
#include <nslaunch/fleet_events.hpp>

#include <span>
#include <string>
#include <vector>

namespace nslaunch {

/// What of the shards' output is shown while they run.
enum class OutputMode {
  kGroup,   ///< a shard's output when it has ended
  kStream,  ///< each line as it comes, behind the shard's name
  kFailed,  ///< as kGroup, of those that did not pass
};

/// What is shown of a fleet while it runs.
enum class ProgressMode {
  kPlain,  ///< a line for each that has ended, and one now and then
  kLive,   ///< the same above a block of what runs, for a terminal
};

/// What stands around a shard's output in the log of a CI job, so that it can be folded there.
enum class LogMarks { kNone, kGithub, kGitlab };

/// How a fleet is shown.
struct DisplaySettings {
  OutputMode output = OutputMode::kGroup;
  LogMarks marks = LogMarks::kNone;
  ProgressMode progress = ProgressMode::kPlain;
  /// Colour for nslaunch's own words.
  bool colour = false;
  /// Tell of every step of every launch.
  bool verbose = false;
  /// Options of the program with which a single part is run again, for the summary.
  std::vector<std::string> options_to_run_again;
};

/// run_fleet(), and shows on stdout and stderr what comes of it, as fast as they are read: what is not read
/// keeps the next shard from being started, and with OutputMode::kStream also those that write waiting.
FleetResult show_fleet(const FleetSpec& spec, const DisplaySettings& settings,
                       std::span<FleetObserver* const> observers = {});

}  // namespace nslaunch
