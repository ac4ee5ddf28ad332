#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>

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

}  // namespace nslaunch::inspect
