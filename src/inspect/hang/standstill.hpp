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

/// Why `pid` does nothing: it is traced, stopped or frozen; nothing where none of that can be seen. Never
/// throws.
std::optional<Standstill> standstill_of(pid_t pid) noexcept;

/// The same of one that has not answered for a while. Then uninterruptible sleep, which every process is in
/// for moments, is a reason, too.
std::optional<Standstill> reason_for_silence(pid_t pid) noexcept;

}  // namespace nslaunch::inspect
