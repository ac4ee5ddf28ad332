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

}  // namespace nslaunch::sys
