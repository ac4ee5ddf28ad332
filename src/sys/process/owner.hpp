#pragma once

#include <sys/types.h>

#include "sys/process/pidfd.hpp"

namespace nslaunch::sys {

/// Whether the process is `owner`'s and nobody else's: its real, effective and saved user ids, which are
/// three in a set-uid program. `pidfd` must be a handle on `pid` that was opened before. Before kernel 6.13
/// the caller must have one thread only, and Error is thrown where another's process can't be looked at.
bool belongs_to(uid_t owner, pid_t pid, const Pidfd& pidfd);

}  // namespace nslaunch::sys
