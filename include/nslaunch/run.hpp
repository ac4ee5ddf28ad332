#pragma once

#include <nslaunch/outcome.hpp>
#include <nslaunch/spec.hpp>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace nslaunch {

/// Where the library's own words go. Each may be empty: then nothing is said.
struct Messages {
  std::function<void(std::string_view)> warning;
  std::function<void(std::string_view)> trace;  ///< what -v shows
  /// What was left to nslaunch and has to be known: which port a published port 0 is.
  std::function<void(std::string_view)> note;
};

/// What run_shard() does with the calling process, besides running a shard.
struct RunOptions {
  /// For a program that does nothing but stand for the command, as `nslaunch` does, and has no handlers for
  /// signals. Once the command runs, all of the process's descriptors but 2 and `keep_open` are closed, and 0
  /// and 1 lead to /dev/null, for good: so end of file and SIGPIPE reach those at the other ends as if there
  /// were the command alone. Otherwise none is touched, and a pipe that the caller has open stays open.
  bool give_up_descriptors = false;
  std::vector<int> keep_open{};
  /// When it is readable (a timerfd, or an eventfd or pipe that somebody else writes to: a handler for a
  /// signal does not run meanwhile), the run ends as if the process had got SIGTERM: the command gets it, and
  /// after the grace its end; a launch ends with an Error. It is the caller's, and nothing is read from it.
  /// -1: none.
  int cancel = -1;
};

/// Runs one shard from start to end in the calling process: records it, launches it, supervises
/// it and removes the record. Blocks the signals it forwards while it runs and restores them
/// before it returns; SIGCHLD has its default action meanwhile. Any number may be run one after the other.
/// Throws Error where the shard can't be had; nothing has run then and nothing is left. UsageError where the
/// process has more than one thread.
Outcome run_shard(const ShardSpec& spec, const Messages& messages = {}, const RunOptions& options = {});

/// The status with which a program ends that stands for this outcome (section "Exit status" of
/// the manual): the command's own, 128+n, 123 or 124.
int exit_status(const Outcome& outcome, const ShardSpec& spec) noexcept;

}  // namespace nslaunch
