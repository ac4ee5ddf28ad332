#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "sys/base/fd.hpp"
#include "sys/files/directory.hpp"

namespace nslaunch::sys {

/// What root does itself where the user may not, along directories whose names nobody but root can exchange,
/// on file systems of which no user's program says what is there.
enum class RootsPart {
  kGive,  ///< opens it; makes it, and gives it to the user at the end
  kNone,
};

/// What root is to open for another user.
struct Wanted {
  std::string path;              ///< absolute
  std::optional<mode_t> make{};  ///< a directory, made with this mode where missing, as are those above it
  bool writable = false;         ///< a directory that the user may write to
  RootsPart roots_part = RootsPart::kGive;
  /// So many of the last names are not root's choice: root makes them, and takes none that is there.
  std::size_t made_names = 0;
  /// A directory that is the user's, or lies where root alone decides: and either way he may write to it.
  bool is_named_by_root = false;
};

struct FoundForUser {
  Fd place{};  ///< O_PATH; none: `error` says why
  int error = 0;
  /// Nobody but root can have decided where the path leads: the user could not open it so.
  bool is_roots = false;
  /// Of what is there, where that is the user's no more than to look at.
  std::optional<uid_t> owner{};
  /// It lies on a mount of somebody else's (Mounter::kAnother), and so was not looked at.
  bool is_anothers = false;
};

/// Opens it as the user, in a child, so that links of that user's lead where the user may go, and no further.
/// What the user has no right to is root's part. Throws Error where no child can be had.
FoundForUser find_for_user(const Wanted& wanted, uid_t uid, gid_t gid, const std::vector<gid_t>& groups);

/// Gives one of root's to the user, and this mode: in a child, since whoever may read it, and its owner above
/// all, may hold its lock (K66). Throws Error.
void give_directory(const Directory& directory, uid_t uid, gid_t gid, std::optional<mode_t> mode = {});

/// What lies at an absolute path that nobody but root can have given a meaning: O_PATH. Empty where somebody
/// else can, or there is nothing.
Fd find_on_roots_way(const std::string& path);

}  // namespace nslaunch::sys
