#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

namespace nslaunch::inspect {

/// What keeps a process from running, in words, and what to type about it.
struct Standstill {
  std::string what;    ///< "pid 4711 (shard-init) is stopped by a signal"
  std::string remedy;  ///< "To let it go on: kill -CONT 4711"
};

/// Why `pid` does nothing: it is traced, stopped or frozen, or waits in the kernel; nothing where none of
/// that can be seen. Never throws.
std::optional<Standstill> standstill_of(pid_t pid) noexcept;

}  // namespace nslaunch::inspect
