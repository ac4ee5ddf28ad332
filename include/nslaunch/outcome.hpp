#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

namespace nslaunch {

/// A process that was still running in the shard when its command had exited.
struct Leak {
  pid_t pid = 0;         ///< inside the shard
  pid_t parent_pid = 0;  ///< inside the shard
  std::chrono::milliseconds age{0};
  std::string command_line;            ///< arguments joined by spaces, cut at a few hundred bytes
  std::vector<std::string> listening;  ///< "127.0.0.1:9926", "[::]:1883", "unix:/path", "udp 0.0.0.0:53"
};

/// Why the command was told to end before it ended by itself.
enum class EndCause {
  kNone,        ///< it ended by itself
  kTimeout,     ///< --timeout
  kSilence,     ///< --silence
  kTerminated,  ///< somebody sent nslaunch SIGTERM
  kAncestor,    ///< a process that nslaunch was started by ended
  kHangup,      ///< the terminal went away
  kInterrupts,  ///< three Ctrl-C within three seconds
  kKilled,      ///< Shard::kill()
};

/// Whether it ran into --timeout or --silence: the command's own end says nothing then.
constexpr bool is_hang(EndCause cause) noexcept {
  return cause == EndCause::kTimeout || cause == EndCause::kSilence;
}

/// What became of a packet capture.
struct CaptureOutcome {
  bool full = false;       ///< the file's limit was reached: what came later is not in it
  std::error_code error;   ///< why capturing or writing stopped before the end
  std::uint64_t lost = 0;  ///< packets that came faster than they could be written
};

/// What the processes of a shard have used together.
struct Usage {
  std::chrono::microseconds user{0};    ///< CPU time; of a process that was killed at the end to 10 ms
  std::chrono::microseconds system{0};  ///< likewise
  /// The most resident memory that any one of them has had, in bytes; nslaunch's own init is one of them.
  std::uint64_t peak_memory = 0;
};

/// How a shard ended.
struct Outcome {
  /// The command's wait status: exit_status when term_signal is 0.
  int exit_status = 0;
  int term_signal = 0;
  EndCause cause = EndCause::kNone;
  /// The command died of a SIGKILL that was not ours, and the kernel has killed a process for want of memory
  /// while it ran.
  bool out_of_memory = false;
  /// ShardSpec::memory_limit was reached, and the kernel has ended all of the shard; out_of_memory, too.
  bool memory_limit_reached = false;
  /// ShardSpec::pids_limit was reached: processes could not be started.
  bool pids_limit_reached = false;
  /// The grace ran out and the command was killed.
  bool grace_expired = false;

  /// The first few leaks in detail, and how many there were.
  std::vector<Leak> leaks;
  std::size_t leak_count = 0;
  /// The shard's init has not lived to tell of all leaks: there may be more, or any at all.
  bool leaks_unknown = false;
  /// Only with ShardSpec::measure, and none where init has not lived to count: how many processes were
  /// killed with the shard (leaks, and what visitors had started), and what all of its processes have used.
  std::optional<std::size_t> killed_count;
  std::optional<Usage> usage;

  /// Only with ShardSpec::capture.
  std::optional<CaptureOutcome> capture;

  /// True when the kernel reported every process of the shard gone. Where it is false,
  /// `teardown_blocker` names what held the shard's end up past the limit.
  bool all_gone = true;
  std::string teardown_blocker;

  std::chrono::microseconds setup{0};     ///< from the request to the command's exec
  std::chrono::microseconds duration{0};  ///< from the command's exec to its end
  std::chrono::microseconds held{0};      ///< from the command's end to the end of ShardSpec::hold_on_failure
  std::chrono::microseconds teardown{0};  ///< from then, or the command's end, to "all processes gone"
  /// For example "net,pid,mnt,ipc,proc,pidbase,tmp,ports,sysctl".
  std::string isolation;
};

}  // namespace nslaunch
