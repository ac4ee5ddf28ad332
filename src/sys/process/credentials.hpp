#pragma once

#include <sys/types.h>

#include <span>

namespace nslaunch::sys {

/// Makes this process another user's for good, with no capability left, however the caller came by those: a
/// change of ids takes away those of uid 0 only, never inheritable ones, and none under no_setuid_fixup
/// (capabilities(7)). One's own user keeps them. For a vforked child: straight system calls, as libc's would
/// tell "all threads", of which that has none (K27). Clears the parent-death signal (K2). Returns 0 or an
/// errno.
int become_user(uid_t uid, gid_t gid, std::span<const gid_t> groups) noexcept;

/// A session keyring of its own, with nothing in it: the caller's keys are no longer this process's. Where
/// nobody may ask for keys (a container's filter says EPERM, a security module EACCES) nobody else here may
/// either. Returns 0 or an errno: EDQUOT where the user's quota of keys is used up.
int leave_keys() noexcept;

}  // namespace nslaunch::sys
