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
/// process's own namespace link and its innermost NSpid).
std::vector<pid_t> processes_in_own_namespace();

/// The same without those whose session is one of `sessions` (by their leaders' pids).
std::vector<Process> survivors_beside(const std::vector<pid_t>& sessions);

/// Whether a process of that session is left; true where that can't be told.
bool is_session_left(pid_t leader) noexcept;

/// How many survive where /proc can't be read.
constexpr std::size_t kUnknownTotal = std::numeric_limits<std::size_t>::max();

/// Accounts of the first `most` of them with what they listen on. Never throws: what can't be
/// read is left out, and who keeps a reader waiting costs no more than 3 s; but for ever where no child
/// can be had. `total` becomes how many there are, or kUnknownTotal. `reader`: another user who will read it:
/// of a process that is not that user's there is neither command line nor socket.
std::vector<Leak> find_survivors(const std::vector<pid_t>& sessions, std::size_t most, std::size_t& total,
                                 std::optional<uid_t> reader = std::nullopt) noexcept;

/// Recognises the tail of a pipeline that the command left writing (`exec > >(sed ...)`): a process
/// whose standard input is a pipe that no survivor can write to any more (or only such a tail: `sed
/// | tee`) and that is not the caller's, so that it will meet end of file and end by itself; such a
/// process must be given time. A server that leaked has no such input, and one that was started with
/// such a pipe (K19) gives itself away: it listens, or goes on without taking anything from the pipe.
class PipelineTails {
 public:
  /// `caller_stdin_inode`: of the pipe that the command got as its own standard input, 0 if none.
  /// `linger`: how long a tail may go on without taking anything more from its input.
  explicit PipelineTails(std::uint64_t caller_stdin_inode,
                         std::chrono::milliseconds linger = std::chrono::seconds{10})
      : caller_stdin_(caller_stdin_inode), linger_(linger) {}

  /// Whether a tail is there that has moved bytes since the last call (/proc/PID/io, or it was woken
  /// in a write that goes on), computes, or was not there then. Never throws.
  bool progressing() noexcept;

 private:
  struct Seen {
    pid_t pid;
    std::uint64_t movement;
    int unread;                         ///< in its input
    sys::Clock::time_point last_input;  ///< when `unread` was last seen to change
  };
  std::uint64_t caller_stdin_;
  std::chrono::milliseconds linger_;
  std::vector<Seen> seen_;
};

/// What is still running in a shard, and what of its use nobody has been told of by a wait.
struct Unreaped {
  std::size_t processes = 0;
  nslaunch::Usage
      usage;  ///< with that of the children which they have waited for; CPU time to a clock tick (10 ms)
};

/// Called by a shard's init just before it exits: a PID namespace that ends reaps what it kills without
/// adding their times to anybody's (K34). Never throws: what can't be read is left out.
Unreaped look_at_unreaped() noexcept;

}  // namespace nslaunch::inspect
