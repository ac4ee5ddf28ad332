#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "sys/files/mountinfo.hpp"

namespace nslaunch::sys {

/// What root may believe of what lies on a mount, when it acts for another user.
enum class Mounter {
  kRoot,     ///< whoever had to be root to mount it
  kPerhaps,  ///< perhaps a user: who owns what is there is no proof of anything
  kAnother,  ///< another user than root and us, whose program (FUSE) may keep whoever asks waiting for ever
};

/// MountLine::id of the mount that a descriptor's file lies on, in whatever mount namespace: it is asked of
/// nobody but /proc, and nothing without one.
std::optional<std::uint64_t> mount_id_of(int descriptor);

/// The mount that a descriptor's file lies on; nothing where our own mount namespace has none such, or there
/// is no /proc.
std::optional<MountLine> mount_of(int descriptor);

/// Whether `options`, as mountinfo has them, have this one.
bool has_option(const std::string& options, const std::string& name);

/// Whose the mount is that a descriptor's file lies on. Nobody but /proc is asked; where there is none,
/// root's. A mount that our own mount namespace has not (another's, by a link in /proc, or one that was
/// detached) is another's.
Mounter mounter_of(int descriptor);

/// The same by a line of mountinfo. Mounts that users make, or have made by set-user-ID programs (mount(8)'s
/// "user", udisks), are nosuid and nodev; of those only a tmpfs has no content that its user has brought
/// along.
Mounter mounter_in(const MountLine& mount);

}  // namespace nslaunch::sys
