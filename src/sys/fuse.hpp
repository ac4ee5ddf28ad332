#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

namespace nslaunch::sys {

/// Who has mounted the FUSE file system that a descriptor's file lies on, where that is another user than
/// root and us: his program says what is there, and keeps whoever asks waiting for as long as it likes. It is
/// not asked here: /proc tells, and where there is none nothing is known.
std::optional<uid_t> mounter_of_fuse(int descriptor);

/// The same by the text of /proc/self/mountinfo, without regard to who that is; nothing where the mount is
/// none of FUSE.
std::optional<uid_t> mounter_in(const std::string& mountinfo, const std::string& mount_id);

}  // namespace nslaunch::sys
