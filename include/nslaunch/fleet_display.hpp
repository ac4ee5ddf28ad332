#pragma once

#include <nslaunch/fleet.hpp>
#include <nslaunch/fleet_events.hpp>

#include <span>
#include <string>
#include <vector>

namespace nslaunch {

/// Which output of the shards is shown while they run.
enum class OutputMode {
  kGroup,   ///< a shard's output after it has ended
  kStream,  ///< each line as it arrives, prefixed with the shard's name
  kFailed,  ///< as kGroup, for shards that did not pass
};

/// What is shown of a fleet while it runs.
enum class ProgressMode {
  kPlain,  ///< a line per ended shard, and one if nothing was printed for a while
  kLive,   ///< the same above a block of the running shards, for a terminal
};

/// Markers around a shard's output that make it foldable in the log of a CI job.
enum class LogMarks { kNone, kGithub, kGitlab };

/// How a fleet is shown.
struct DisplaySettings {
  OutputMode output = OutputMode::kGroup;
  LogMarks marks = LogMarks::kNone;
  ProgressMode progress = ProgressMode::kPlain;
  /// Colour nslaunch's own messages.
  bool colour = false;
  /// Report every step of every launch.
  bool verbose = false;
  /// Options of the command line that reruns a single part, for the summary.
  std::vector<std::string> options_to_run_again;
};

/// Calls run_fleet() and shows its results on stdout and stderr, as fast as these are read: unread output
/// delays the next start of a shard and, with OutputMode::kStream, blocks the shards that write.
FleetResult show_fleet(const FleetSpec& spec, const DisplaySettings& settings,
                       std::span<FleetObserver* const> observers = {});

}  // namespace nslaunch
