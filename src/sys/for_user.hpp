#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "sys/fd.hpp"

namespace nslaunch::sys {

/// What root is to open for another user.
struct Wanted {
  std::string path;              ///< absolute
  std::optional<mode_t> make{};  ///< a directory, made with this mode where missing, as are those above it
  bool writable = false;         ///< a directory that the user may write to
};

struct FoundForUser {
  Fd place{};  ///< O_PATH; none: `error` says why
  int error = 0;
  /// Nobody but root can have decided where the path leads: the user could not open it so.
  bool is_roots = false;
  /// Of what is there, where that is the user's no more than to look at.
  std::optional<uid_t> owner{};
};

/// Opens it as the user, in a child, so that links of that user's lead where the user may go, and no further.
/// What the user has no right to root opens, and makes, itself, but only along directories whose names nobody
/// but root can exchange; what is made is given to the user at the end. Throws Error where no child can be
/// had.
FoundForUser find_for_user(const Wanted& wanted, uid_t uid, gid_t gid, const std::vector<gid_t>& groups);

}  // namespace nslaunch::sys
