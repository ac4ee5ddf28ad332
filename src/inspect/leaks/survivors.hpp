#pragma once

#include <nslaunch/outcome.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "inspect/snapshot/processes.hpp"
#include "sys/base/clock.hpp"

namespace nslaunch::inspect {

/// Called by a shard's init, in the shard: every process of the caller's PID namespace other than
/// the caller and zombies, by pid. Works with a fresh /proc and with an outer one (then by each
/// process's own namespace link and its NSpid at this level).
std::vector<pid_t> processes_in_own_namespace();

/// The same, except processes whose session is one of `sessions` (given by their leaders' pids).
std::vector<Process> survivors_beside(const std::vector<pid_t>& sessions);

/// Whether a process of that session is left; true if that can't be determined, as with an outer /proc. No
/// process can block it: it reads no file of theirs (K33).
bool is_session_left(pid_t leader) noexcept;

/// The number of survivors if /proc can't be read.
constexpr std::size_t kUnknownTotal = std::numeric_limits<std::size_t>::max();

/// Describes the first `most` of them with the addresses they listen on. Never throws: what can't be read is
/// left out, and a process that blocks its readers costs at most 3 s, but blocks forever if no child can be
/// created. `total` is set to their number, or kUnknownTotal. `reader`: another user who will read the
/// result: processes that are not that user's have neither command line nor sockets in it.
std::vector<Leak> find_survivors(const std::vector<pid_t>& sessions, std::size_t most, std::size_t& total,
                                 std::optional<uid_t> reader = std::nullopt) noexcept;

/// Recognises the tail of a pipeline that the command left writing (`exec > >(sed ...)`): a process whose
/// standard input is a pipe that no survivor can write to any more (or only such a tail: `sed | tee`) and
/// that is not the caller's. It will reach end of file and end by itself, so it must be given time. A leaked
/// server has no such input, and one that was started with such a pipe (K19) is recognised: it listens, or
/// continues without reading from the pipe.
class PipelineTails {
 public:
  /// `caller_stdin_inode`: of the pipe that is the command's own standard input, 0 if none. `linger`: how
  /// long a tail may continue without reading any more of its input.
  explicit PipelineTails(std::uint64_t caller_stdin_inode,
                         std::chrono::milliseconds linger = std::chrono::seconds{10})
      : caller_stdin_(caller_stdin_inode), linger_(linger) {}

  /// Whether there is a tail that has moved bytes since the last call (/proc/PID/io, or it was woken in an
  /// unfinished write), computes, or did not exist then. Never throws.
  bool progressing() noexcept;

 private:
  struct Seen {
    pid_t pid;
    std::uint64_t movement;
    int unread;                         ///< bytes in its input
    sys::Clock::time_point last_input;  ///< when `unread` was last seen to change
  };
  std::uint64_t caller_stdin_;
  std::chrono::milliseconds linger_;
  std::vector<Seen> seen_;
};

/// The processes still running in a shard, and their resource usage that no wait has reported.
struct Unreaped {
  std::size_t processes = 0;
  nslaunch::Usage usage;  ///< including children that they have waited for; CPU time to a clock tick (10 ms)
};

/// Called by a shard's init just before it exits: the end of a PID namespace reaps the processes it kills
/// without adding their times to any parent's (K34). Never throws: what can't be read is left out.
Unreaped look_at_unreaped() noexcept;

}  // namespace nslaunch::inspect
