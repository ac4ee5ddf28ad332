#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "sys/base/fd.hpp"
#include "sys/files/directory.hpp"

namespace nslaunch::sys {

/// What root does itself if the user may not, along directories whose names only root can change, on file
/// systems whose content no user's program provides.
enum class RootsPart {
  kGive,  ///< opens it, or makes it and gives it to the user at the end
  kNone,
};

/// What root is to open for another user.
struct Wanted {
  std::string path;              ///< absolute
  std::optional<mode_t> make{};  ///< a directory; it and its parents are made with this mode if missing
  bool writable = false;         ///< a directory that the user may write to
  RootsPart roots_part = RootsPart::kGive;
  /// This many of the last names are not root's choice: root makes them, and accepts no existing ones.
  std::size_t made_names = 0;
  /// A directory that is the user's, or lies where only root can put it; the user may write to it either way.
  bool is_named_by_root = false;
};

struct FoundForUser {
  Fd place{};  ///< O_PATH; if empty, `error` is the reason
  int error = 0;
  /// Only root can have decided where the path leads: the user could not open it as wanted.
  bool is_roots = false;
  /// The owner of what is there, if the user could open it at all.
  std::optional<uid_t> owner{};
  /// It lies on another user's mount (Mounter::kAnother), and so was not inspected.
  bool is_anothers = false;
};

/// Opens it as the user, in a child, so that the user's links lead only where the user may go. What the user
/// has no right to is root's part. Throws Error if no child can be started.
FoundForUser find_for_user(const Wanted& wanted, uid_t uid, gid_t gid, const std::vector<gid_t>& groups);

/// Gives a directory of root's to the user, with this mode: in a child, since any user who may read it, above
/// all its owner, may hold its lock (K66). Throws Error.
void give_directory(const Directory& directory, uid_t uid, gid_t gid, std::optional<mode_t> mode = {});

/// What lies at an absolute path that only root can have determined: O_PATH. Empty if another user can change
/// it, or if there is nothing.
Fd find_on_roots_way(const std::string& path);

}  // namespace nslaunch::sys
