#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

namespace nslaunch::inspect {

/// By /proc/PID/status, whose reader the process itself can't keep waiting (K33), what a process with one
/// thread does.
struct Pulse {
  char state = '?';            ///< as ps(1) has it
  std::uint64_t switches = 0;  ///< how often it has given up the processor, or lost it
};

/// Nothing where there is no such process any more, or it has ended.
std::optional<Pulse> pulse_of(pid_t pid);

/// Whether it runs, has run in between, or would, if it had the processor.
bool goes_on(const Pulse& before, const Pulse& now) noexcept;

/// What the processes of a shard have written so far.
struct Written {
  std::uint64_t bytes =
      0;             ///< by write(2) and its kin, to anything; those of an ended child are its parent's
  pid_t unseen = 0;  ///< a process (as /proc shows it) that does not let itself be seen; 0: none
};

/// For the shard whose init has this pid here. What children write that nobody waits for (their parent
/// ignores SIGCHLD) is lost when they end, and send(2) and splice(2) are not counted by the kernel (K31).
Written written_by(pid_t init);

/// What keeps a process from running, in words, and what to type about it.
struct Standstill {
  std::string what;    ///< "pid 4711 (shard-init) is stopped by a signal"
  std::string remedy;  ///< "To let it go on: kill -CONT 4711"
};

/// Why `pid` does nothing: it is traced, stopped or frozen; nothing where none of that can be seen. Never
/// throws.
std::optional<Standstill> standstill_of(pid_t pid) noexcept;

/// The same of one that has not answered for a while. Then uninterruptible sleep, which every process is in
/// for moments, is a reason, too.
std::optional<Standstill> reason_for_silence(pid_t pid) noexcept;

}  // namespace nslaunch::inspect
