#pragma once

#include <nslaunch/outcome.hpp>
#include <nslaunch/spec.hpp>

#include <chrono>
#include <exception>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace nslaunch {

/// An action of nslaunch on a shard: a step, message, signal or decision. For bug reports.
struct LogEntry {
  std::chrono::system_clock::time_point at;
  std::string_view shard;  ///< its id
  std::string_view who;    ///< "launcher", "init"
  std::string_view text;   ///< one line, printable
};

/// Callbacks for the library's own messages. Each may be empty: then nothing is reported.
struct Messages {
  std::function<void(std::string_view)> warning;
  std::function<void(std::string_view)> trace;  ///< what -v shows
  /// A choice left to nslaunch that the user must know: the port used for a published port 0.
  std::function<void(std::string_view)> note;
  /// Each step, message, signal and decision of launcher and init, when it is reported.
  std::function<void(const LogEntry&)> log{};
};

/// What run_shard() does with the calling process, besides running a shard.
struct RunOptions {
  /// For a program that only runs the command, as `nslaunch` does, and has no signal handlers. Once the
  /// command runs, all descriptors of the process except 2 and `keep_open` are closed, and 0 and 1 are
  /// redirected to /dev/null, permanently: so end of file and SIGPIPE reach the other ends as if only the
  /// command existed. If false, none is touched, and a pipe that the caller has open stays open.
  bool give_up_descriptors = false;
  std::vector<int> keep_open{};
  /// When it becomes readable (a timerfd, or an eventfd or pipe that another process writes to: signal
  /// handlers do not run meanwhile), the run ends as if the process had received SIGTERM: the command
  /// receives it and is killed after the grace period; a launch ends with an Error. Not owned, and never read
  /// from. -1: none.
  int cancel = -1;
  /// Called with what run_shard() is about to return, when nothing of the shard is left and signals are still
  /// blocked: one that arrives this late changes nothing any more, and is dropped.
  std::function<void(const Outcome&)> ended{};
  /// The same for the exception that run_shard() is about to throw: the command has not run, or its end is
  /// unknown.
  std::function<void(const std::exception&)> failed{};
};

/// Runs one shard from start to end in the calling process: records it, launches it, supervises it and
/// removes the record. Blocks the signals it forwards while it runs and restores them before it returns;
/// SIGCHLD has its default action meanwhile. May be called any number of times in sequence. Throws Error if
/// the shard can't be created; nothing has run then and nothing is left behind. Throws UsageError if the
/// process has more than one thread.
Outcome run_shard(const ShardSpec& spec, const Messages& messages = {}, const RunOptions& options = {});

/// Executes the command in place of the calling process, as if nslaunch were not there: what
/// Isolation::kNone asks for. Only the command, its environment with NSLAUNCH_ISOLATION=none, its variables
/// and its working directory are used. Throws Error, UsageError without a command, CommandError if that does
/// not exist or can't be executed; the calling process may have changed its directory by then.
[[noreturn]] void execute_directly(const ShardSpec& spec);

/// What the user should know of how a shard ended, besides its status: leaks, limits that were reached, an
/// end that could not be confirmed. A text for each, of one or several lines, with advice in terms of
/// `nslaunch run`.
std::vector<std::string> warnings_about(const Outcome& outcome, const ShardSpec& spec);

/// The exit status of a program that reports this outcome as its own (section "Exit status" of the manual):
/// the command's own, 128+n, 123 or 124.
int exit_status(const Outcome& outcome, const ShardSpec& spec) noexcept;

}  // namespace nslaunch
