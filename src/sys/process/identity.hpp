#pragma once

#include <sys/types.h>

#include <nslaunch/registry.hpp>

#include <optional>

#include "sys/process/pidfd.hpp"

namespace nslaunch::sys {

/// Whether the process belongs to `owner` alone: its real, effective and saved user ids, which can differ in
/// a set-uid program. `pidfd` must be a handle on `pid` that was opened before. Before kernel 6.13 the caller
/// must be single-threaded, and Error is thrown if another user's process can't be inspected.
bool belongs_to(uid_t owner, pid_t pid, const Pidfd& pidfd);

/// The identity of the process that `pid` is now; `pidfd` must be a handle on it that was opened before.
ProcessIdentity identify(pid_t pid, const Pidfd& pidfd);

/// A handle on exactly the process that `identity` names. Empty if that is gone (its pid may have been
/// reused), or is not `owner`'s: a user's record proves nothing about another user's process. Only for
/// identities of this PID namespace and this boot. Before kernel 6.13 the caller must be single-threaded, and
/// Error is thrown if another user's process can't be inspected.
std::optional<Pidfd> find(const ProcessIdentity& identity, uid_t owner);
/// The same, but empty if the process can't be inspected.
std::optional<Pidfd> find_if_visible(const ProcessIdentity& identity, uid_t owner);

}  // namespace nslaunch::sys
