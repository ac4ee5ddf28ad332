#pragma once

#include <nslaunch/registry.hpp>

#include <optional>

#include "sys/process/pidfd.hpp"

namespace nslaunch::sys {

/// Who `pid` is now; `pidfd` must be a handle on it that was opened before.
ProcessIdentity identify(pid_t pid, const Pidfd& pidfd);

/// A handle on the very process that `identity` means, or nothing where that one is gone (its pid may live on
/// as another process), or is not `owner`'s: what a user has written down says nothing about another's
/// process. Only for identities of this PID namespace and this boot. Before kernel 6.13 the caller must have
/// one thread only, and Error is thrown where another's process can't be looked at.
std::optional<Pidfd> find(const ProcessIdentity& identity, uid_t owner);

}  // namespace nslaunch::sys
