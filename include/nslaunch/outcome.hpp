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

/// Why the command was asked to end before it ended by itself.
enum class EndCause {
  kNone,        ///< it ended by itself
  kTimeout,     ///< --timeout
  kSilence,     ///< --silence
  kTerminated,  ///< nslaunch received SIGTERM
  kAncestor,    ///< an ancestor process of nslaunch ended
  kHangup,      ///< the terminal hung up
  kInterrupts,  ///< three Ctrl-C within three seconds; in a fleet, a second signal that ends it
  kKilled,      ///< Shard::kill()
};

/// The word for it in reports; kNone is "none".
constexpr const char* to_string(EndCause cause) noexcept {
  constexpr const char* kWords[] = {"none",     "timeout", "silence",    "terminated",
                                    "ancestor", "hangup",  "interrupts", "killed"};
  return kWords[static_cast<int>(cause)];
}

/// Whether it is --timeout or --silence: the command's own wait status is then meaningless.
constexpr bool is_hang(EndCause cause) noexcept {
  return cause == EndCause::kTimeout || cause == EndCause::kSilence;
}

/// The result of a packet capture.
struct CaptureOutcome {
  bool full = false;       ///< the file's limit was reached: later packets are missing
  std::error_code error;   ///< why capturing or writing stopped before the end
  std::uint64_t lost = 0;  ///< packets that came faster than they could be written
};

/// The total resource usage of a shard's processes.
struct Usage {
  std::chrono::microseconds user{0};    ///< CPU time; accurate to 10 ms for a process killed at the end
  std::chrono::microseconds system{0};  ///< likewise
  /// The peak resident memory of any single process, in bytes; includes nslaunch's own init.
  std::uint64_t peak_memory = 0;
};

/// How a shard ended.
struct Outcome {
  /// The command's wait status: exit_status when term_signal is 0.
  int exit_status = 0;
  int term_signal = 0;
  EndCause cause = EndCause::kNone;
  /// The command died of a SIGKILL that nslaunch did not send, and the kernel's OOM killer killed a process
  /// while it ran.
  bool out_of_memory = false;
  /// ShardSpec::memory_limit was reached, and the kernel killed the whole shard; out_of_memory is set, too.
  bool memory_limit_reached = false;
  /// ShardSpec::pids_limit was reached: processes could not be started.
  bool pids_limit_reached = false;
  /// The grace period expired and the command was killed.
  bool grace_expired = false;

  /// The first few leaks in detail, and how many there were.
  std::vector<Leak> leaks;
  std::size_t leak_count = 0;
  /// The shard's init died before it reported all leaks: there may be more, or some if none are listed.
  bool leaks_unknown = false;
  /// Only with ShardSpec::measure, and none if init died before it counted: the number of processes killed
  /// with the shard (leaks, and processes started by `nslaunch exec`), and the usage of all its processes.
  std::optional<std::size_t> killed_count;
  std::optional<Usage> usage;

  /// Only with ShardSpec::capture.
  std::optional<CaptureOutcome> capture;

  /// True if the kernel reported that every process of the shard is gone. If false, `teardown_blocker` names
  /// what delayed the end of the shard past the limit.
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
