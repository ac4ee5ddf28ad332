#pragma once

#include <sys/types.h>

#include <span>

namespace nslaunch::sys {

/// Changes this process to another user for good, with no capability left, however the caller obtained those:
/// a change of ids drops only those of uid 0, never inheritable ones, and none under no_setuid_fixup
/// (capabilities(7)). A change to the process's own user keeps them. Uses raw system calls, for vforked
/// children: libc's would notify "all threads", which such a child does not have (K27). Clears the
/// parent-death signal (K2). Returns 0 or an errno.
int become_user(uid_t uid, gid_t gid, std::span<const gid_t> groups) noexcept;

/// Joins a new, empty session keyring: the process no longer has the caller's keys. If keyctl(2) is denied
/// (EPERM from a container's filter, EACCES from a security module), so it is to every other process here.
/// Returns 0 (also if the kernel has no keys) or an errno: EDQUOT if the user's quota of keys is used up.
int leave_keys() noexcept;

}  // namespace nslaunch::sys
