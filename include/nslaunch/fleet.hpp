#pragma once

#include <nslaunch/outcome.hpp>
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
/// are replaced, and with `words`, `{}` (all of them) and `{1}`, `{2}`, … (one).
struct Part {
  unsigned index = 1;  ///< of the suite's parts, from 1
  unsigned total = 1;
  std::string name;
  /// Of --each; none: the part comes from no list.
  std::optional<std::string> line{};
};

/// How a part, or one attempt at it, ended. In the order of what matters most.
enum class Status {
  kError,      ///< nslaunch could not make its shard, or lost it
  kTimeout,    ///< --timeout, --silence
  kKilled,     ///< it died of a signal that was not ours, or failed when somebody had told it to end
  kFail,       ///< it exited with another status than 0
  kCancelled,  ///< somebody, --fail-fast or --total-timeout ended it, or it never ran
  kFlaky,      ///< it passed, after it had failed
  kLeak,       ///< it passed, and left processes behind
  kSlow,       ///< it passed, later than --slow
  kPass,
};

/// "PASS" and so on.
const char* to_string(Status status) noexcept;

/// Many shards in one run.
struct FleetSpec {
  /// What all shards have in common.
  ShardSpec shard;
  std::vector<Part> parts;
  /// NAME=VALUE on top of the shard's variables, with templates.
  std::vector<std::string> variables;
  /// Whose variables tell a command which part it is: "bazel", "gtest", "harper", "ci-node".
  std::vector<std::string> shard_env;
  /// Eight hex digits; empty: chosen at random.
  std::string run_id;
  /// How many run at once.
  unsigned jobs = 1;
  /// How many processors each of those that run at once has for itself; 0: all of the caller's.
  unsigned processors = 0;
  /// The least time between two starts.
  std::chrono::milliseconds stagger{0};
  /// How often a part that failed is tried again, each time in a new shard.
  unsigned retries = 0;
  /// How often each part is run.
  unsigned repeat = 1;
  /// Run the parts again and again, until one fails.
  bool until_fail = false;
  /// End everything when one has failed.
  bool fail_fast = false;
  /// From when on a part that passes counts as slow.
  std::optional<std::chrono::milliseconds> slow;
  /// For all of it together.
  std::optional<std::chrono::milliseconds> total_timeout;
  /// When it is readable all of it ends as by SIGTERM (RunOptions::cancel); -1: none.
  int cancel = -1;
};

/// One attempt at a part: one shard.
struct Attempt {
  Status status = Status::kCancelled;
  std::string id;               ///< of its shard
  std::int64_t started_at = 0;  ///< milliseconds since the epoch
  bool started = false;         ///< its command has run
  Outcome outcome;
  /// Why it has not, or why its end is not known.
  std::string error;
  /// What may be behind a failure.
  std::string hint;
  /// As of a program that stands for it: the command's own, 128+n, 123, 124, 125, 126 or 127.
  int exit_status = 0;
  /// The end of what it has written, of one that did not pass.
  std::string last_output;
  std::uint64_t output_bytes = 0;
  /// With an artifacts directory: where its files are.
  std::string directory;
};

/// What became of a part.
struct PartResult {
  Part part;
  unsigned repetition = 1;
  Status status = Status::kCancelled;
  /// The command with its templates filled in, as the last attempt had it.
  std::vector<std::string> command;
  /// In their order; none: it never ran.
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
  kAncestor,     ///< a process that nslaunch was started by ended
};

struct FleetResult {
  std::string run_id;
  std::int64_t started_at = 0;  ///< milliseconds since the epoch
  std::chrono::milliseconds wall{0};
  FleetEnd end = FleetEnd::kComplete;
  /// The signal that ended it, where one did.
  int term_signal = 0;
  /// In the order of the parts and repetitions; with until_fail those that passed are only counted.
  std::vector<PartResult> parts;
  /// Why some of what the shards have written was not read or shown; none: all was.
  std::error_code output_error;
  std::size_t passed_before = 0;
  std::chrono::milliseconds passed_before_time{0};
};

/// As many as the processors that the caller may use and the free memory allow.
unsigned default_jobs() noexcept;
/// How many processors the caller may use.
unsigned usable_processors() noexcept;

class FleetObserver;  // nslaunch/fleet_events.hpp

/// Runs all shards in the calling process and its one thread, and tells the observers, which have to outlive
/// the call, in their order. Nothing is shown (nslaunch/fleet_display.hpp does that); with artifacts each
/// attempt's output and result.json are kept. For the caller's process run_shard()'s conditions hold. Without
/// parts there is only FleetEnded. Throws UsageError, before any event, for a fleet that can't be; and Error,
/// after FleetEnded, where nothing could be run. What a single shard lacks is that part's Attempt::error.
FleetResult run_fleet(const FleetSpec& spec, std::span<FleetObserver* const> observers = {});

/// The status with which a program ends that stands for this result: 0, 1, 123, 124 or 125; 126 or 127 where
/// no command could be executed.
int exit_status(const FleetResult& result, const FleetSpec& spec) noexcept;

}  // namespace nslaunch
