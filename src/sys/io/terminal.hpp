#pragma once

#include <sys/types.h>

#include "sys/base/fd.hpp"

namespace nslaunch::sys {

/// The controlling terminal, or an empty Fd if this session has none, or no longer has one because it has
/// hung up.
Fd open_controlling_terminal();

/// Makes our own process group the terminal's foreground group.
void take_terminal(int terminal) noexcept;
/// The same again if the present foreground group has no process left (a shell that had job control inside
/// the shard and was killed).
void take_back_terminal(int terminal, pid_t former_foreground) noexcept;

}  // namespace nslaunch::sys
