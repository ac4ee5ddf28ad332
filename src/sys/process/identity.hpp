#pragma once

#include <sys/types.h>

#include <nslaunch/registry.hpp>

#include <optional>

#include "sys/process/pidfd.hpp"

namespace nslaunch::sys {

/// Whether the process is `owner`'s and nobody else's: its real, effective and saved user ids, which are
/// three in a set-uid program. `pidfd` must be a handle on `pid` that was opened before. Before kernel 6.13
/// the caller must have one thread only, and Error is thrown where another's process can't be looked at.
bool belongs_to(uid_t owner, pid_t pid, const Pidfd& pidfd);

/// Who `pid` is now; `pidfd` must be a handle on it that was opened before.
ProcessIdentity identify(pid_t pid, const Pidfd& pidfd);

/// A handle on the very process that `identity` means, or nothing where that one is gone (its pid may live on
/// as another process), or is not `owner`'s: what a user has written down says nothing about another's
/// process. Only for identities of this PID namespace and this boot. Before kernel 6.13 the caller must have
/// one thread only, and Error is thrown where another's process can't be looked at.
std::optional<Pidfd> find(const ProcessIdentity& identity, uid_t owner);

}  // namespace nslaunch::sys
