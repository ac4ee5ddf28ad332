#pragma once

#include <nslaunch/outcome.hpp>
#include <nslaunch/run.hpp>
#include <nslaunch/spec.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace nslaunch {

/// One of the parts that a suite is split into: what its shard has for itself. In a fleet's command,
/// variables, artifacts, capture file and kept overlays `{index}`, `{index0}`, `{total}`, `{name}` and `{id}`
/// are replaced, and with `line`, `{}` (the line) and `{1}`, `{2}`, … (a word).
struct Part {
  unsigned index = 1;  ///< of the suite's parts, from 1
  unsigned total = 1;
  std::string name;
  /// The line of --each; none: the part does not come from a list.
  std::optional<std::string> line{};
};

/// How a part, or one attempt at it, ended. Ordered from most to least important.
enum class Status {
  kError,      ///< nslaunch could not make its shard, or lost it
  kTimeout,    ///< --timeout, --silence
  kKilled,     ///< it died of a signal that nslaunch did not send, or failed after a request to end
  kFail,       ///< it exited with a status other than 0
  kCancelled,  ///< ended from outside, by --fail-fast or --total-timeout, or never ran
  kFlaky,      ///< it passed after a failed attempt
  kLeak,       ///< it passed, but left processes behind
  kSlow,       ///< it passed, but took longer than --slow
  kPass,
};

/// "PASS" and so on.
const char* to_string(Status status) noexcept;

/// Many shards in one run.
struct FleetSpec {
  /// What all shards have in common.
  ShardSpec shard;
  std::vector<Part> parts;
  /// NAME=VALUE, added to the shard's variables; with templates.
  std::vector<std::string> variables;
  /// Test runners whose variables tell a command which part it is: "bazel", "gtest", "harper", "ci-node".
  std::vector<std::string> shard_env;
  /// Eight hex digits; empty: chosen at random.
  std::string run_id;
  /// How many shards run at once.
  unsigned jobs = 1;
  /// How many processors each running shard has for itself; 0: all of the caller's.
  unsigned processors = 0;
  /// The minimum time between two starts.
  std::chrono::milliseconds stagger{0};
  /// How often a failed part is retried, each time in a new shard.
  unsigned retries = 0;
  /// How often each part is run.
  unsigned repeat = 1;
  /// Run the parts again and again, until one fails.
  bool until_fail = false;
  /// End all shards when a part fails.
  bool fail_fast = false;
  /// A part that passes but takes longer counts as slow.
  std::optional<std::chrono::milliseconds> slow;
  /// Time limit for the whole run.
  std::optional<std::chrono::milliseconds> total_timeout;
  /// When it becomes readable, the run ends as on SIGTERM (RunOptions::cancel); -1: none.
  int cancel = -1;
};

/// One attempt at a part: one shard.
struct Attempt {
  Status status = Status::kCancelled;
  std::string id;               ///< of its shard
  std::int64_t started_at = 0;  ///< milliseconds since the epoch
  bool started = false;         ///< its command has run
  Outcome outcome;
  /// Why the command did not run, or why its end is unknown.
  std::string error;
  /// A possible cause of a failure.
  std::string hint;
  /// As for a program that reports it as its own: the command's, 128+n, 123, 124, 125, 126 or 127.
  int exit_status = 0;
  /// The end of its output, if it did not pass.
  std::string last_output;
  std::uint64_t output_bytes = 0;
  /// Where its files are, if there is an artifacts directory.
  std::string directory;
};

/// The result of a part.
struct PartResult {
  Part part;
  unsigned repetition = 1;
  Status status = Status::kCancelled;
  /// The command of the last attempt, with its templates replaced.
  std::vector<std::string> command;
  /// In order; empty: the part never ran.
  std::vector<Attempt> attempts;
};

/// Why a fleet ended before all of it had run.
enum class FleetEnd {
  kComplete,
  kFailFast,
  kUntilFail,
  kTotalTimeout,
  kInterrupted,  ///< Ctrl-C
  kTerminated,   ///< SIGTERM, SIGHUP or SIGQUIT
  kAncestor,     ///< an ancestor process of nslaunch ended
};

struct FleetResult {
  std::string run_id;
  std::int64_t started_at = 0;  ///< milliseconds since the epoch
  std::chrono::milliseconds wall{0};
  FleetEnd end = FleetEnd::kComplete;
  /// The signal that ended it, if any.
  int term_signal = 0;
  /// In the order of the parts and repetitions; with until_fail, passed ones are only counted.
  std::vector<PartResult> parts;
  /// Why some of the shards' output was not read or shown; none: all of it was.
  std::error_code output_error;
  std::size_t passed_before = 0;
  std::chrono::milliseconds passed_before_time{0};
};

/// As many jobs as the caller's processors and the free memory allow.
unsigned default_jobs() noexcept;
/// How many processors the caller may use.
unsigned usable_processors() noexcept;

class FleetObserver;  // nslaunch/fleet_events.hpp

/// Runs all shards in the calling process, on its only thread, and notifies the observers, which must outlive
/// the call, in order. Shows nothing (nslaunch/fleet_display.hpp does that); with artifacts, each attempt's
/// output and result.json are kept. The conditions of run_shard() apply to the calling process. Without
/// parts, FleetEnded is the only event. Throws UsageError, before any event, if the fleet is invalid, and
/// Error, after FleetEnded, if nothing could be run. The failure of a single shard is reported in
/// Attempt::error of its part.
FleetResult run_fleet(const FleetSpec& spec, std::span<FleetObserver* const> observers = {});

/// Throws UsageError if the fleet is invalid: without parts, or if several of its shards would write to one
/// file or listen on one port. For a caller that has something to do before run_fleet() finds out.
void check_fleet(const FleetSpec& spec);

/// A run of one shard as a fleet with a single part, for reports on fleets. ShardSpec::id must be set: it
/// becomes the run's. The part has the shard's name, or the one that a fleet's would have; the path of its
/// artifacts is absolute, unless the working directory is unknown.
FleetSpec fleet_of_one(const ShardSpec& shard);

/// run_shard() for the shard of such a fleet. Notifies the observers, which must outlive the call, of its
/// start, its log and, after RunOptions::ended or `failed`, its end, but not of output or messages: the
/// command has the caller's streams, and `messages` are called.
Outcome run_fleet_of_one(const FleetSpec& fleet, std::span<FleetObserver* const> observers,
                         const Messages& messages = {}, RunOptions options = {});

/// The exit status of a program that reports this result as its own: 0, 1, 123, 124 or 125; 126 or 127 if no
/// command could be executed; 128+n if signal n ended the run.
int exit_status(const FleetResult& result, const FleetSpec& spec) noexcept;

}  // namespace nslaunch
