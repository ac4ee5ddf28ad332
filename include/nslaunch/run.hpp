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
  /// Descriptors that the caller still needs afterwards: they stay open.
  std::vector<int> keep_open{};
};

/// Runs one shard from start to end in the calling process: records it, launches it, supervises
/// it and removes the record. Blocks the signals it forwards while it runs and restores them
/// before it returns. The caller must have one thread only. It closes the caller's descriptors
/// other than 0, 1 and 2 that are inheritable once the command has them, and points 0 and 1 to
/// /dev/null, so that end of file and SIGPIPE reach the command's readers as without nslaunch.
/// Throws Error where the shard can't be had; nothing has run then and nothing is left.
Outcome run_shard(const ShardSpec& spec, const Messages& messages = {});

/// The status with which a program ends that stands for this outcome (section "Exit status" of
/// the manual): the command's own, 128+n, 123 or 124.
int exit_status(const Outcome& outcome, const ShardSpec& spec) noexcept;

}  // namespace nslaunch
