#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

namespace nslaunch::inspect {

/// The activity of a process with one thread, from /proc/PID/status, whose reader the process itself can't
/// block (K33).
struct Pulse {
  char state = '?';            ///< as in ps(1)
  std::uint64_t switches = 0;  ///< voluntary and involuntary context switches
};

/// nullopt if the process no longer exists, or has ended.
std::optional<Pulse> pulse_of(pid_t pid);

/// Whether it runs, has run in between, or is waiting for a processor.
bool goes_on(const Pulse& before, const Pulse& now) noexcept;

/// What the processes of a shard have written so far.
struct Written {
  std::uint64_t bytes =
      0;             ///< by write(2) and similar calls, to anything; an ended child's count for its parent
  pid_t unseen = 0;  ///< a process (as /proc shows it) that can't be read; 0: none
};

/// For the shard whose init has this pid here. The output of children that no process waits for (their parent
/// ignores SIGCHLD) is lost when they end, and the kernel does not count send(2) and splice(2) (K31).
Written written_by(pid_t init);

/// What keeps a process from running, as text, and the command to run about it.
struct Standstill {
  std::string what;    ///< "pid 4711 (shard-init) is stopped by a signal"
  std::string remedy;  ///< "To let it go on: kill -CONT 4711"
};

/// Why `pid` does nothing: it is traced, stopped or frozen; nullopt if none of that can be seen. Never
/// throws.
std::optional<Standstill> standstill_of(pid_t pid) noexcept;

/// The same for a process that has not answered for a while. Uninterruptible sleep, which every process
/// enters for moments, is then a reason, too.
std::optional<Standstill> reason_for_silence(pid_t pid) noexcept;

}  // namespace nslaunch::inspect
