#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "sys/files/mountinfo.hpp"

namespace nslaunch::sys {

/// How far root may trust what lies on a mount, when it acts for another user.
enum class Mounter {
  kRoot,     ///< only root can have mounted it
  kPerhaps,  ///< perhaps mounted by a user: the owners of its files prove nothing
  kAnother,  ///< mounted by a user other than root and us, whose program (FUSE) may block any access for ever
};

/// MountLine::id of the mount of a descriptor's file, in whatever mount namespace. Accesses only /proc; empty
/// without one.
std::optional<std::uint64_t> mount_id_of(int descriptor);

/// The mount of a descriptor's file; empty if our own mount namespace has no such mount, or if there is no
/// /proc.
std::optional<MountLine> mount_of(int descriptor);

/// Whether `options`, in the format of mountinfo, contain this one.
bool has_option(const std::string& options, const std::string& name);

/// Who mounted what a descriptor's file lies on. Accesses only /proc; without one, kRoot. A mount that our
/// own mount namespace does not have (another namespace's, reached by a link in /proc, or a detached one) is
/// kAnother.
Mounter mounter_of(int descriptor);

/// The same for a line of mountinfo. Mounts that users make, or have made by set-user-ID programs (mount(8)'s
/// "user", udisks), are nosuid and nodev; of those only a tmpfs has no content supplied by its user.
Mounter mounter_in(const MountLine& mount);

}  // namespace nslaunch::sys
