#pragma once

#include <sys/stat.h>

#include <functional>
#include <string>

#include "sys/base/fd.hpp"

namespace nslaunch::sys {

/// Called with a name in an open directory before something temporary is made there, which is left behind if
/// its creator is killed. Called again for a directory once it exists: with its own descriptor and an empty
/// name. False if a leftover would not be found: callers that can do without then do.
using BeforeMaking = std::function<bool(int directory, const std::string& name)>;

/// A file that is complete before it gets its name, so no reader sees half of it. On most file systems it has
/// no name until then, and nothing is left if its creator is killed; on others it is .nslaunch-XXX.tmp.
class PendingFile {
 public:
  /// In an open directory (O_PATH is enough), which must outlive it. Throws Error: EOPNOTSUPP if it would
  /// need a temporary file that would not be found after a kill.
  PendingFile(int directory, int access, mode_t mode, BeforeMaking before_making);
  PendingFile(const PendingFile&) = delete;
  PendingFile& operator=(const PendingFile&) = delete;
  ~PendingFile();

  int fd() const noexcept { return file_.get(); }
  /// Whether others see a temporary name.
  bool has_name() const noexcept { return has_temporary_; }
  /// Gives it the owner and permissions of a file that it will replace, so that the same users have the same
  /// access. False if that is impossible.
  bool take_rights_of(const struct stat& old) const noexcept;
  /// Gives it rights with which nobody has access who had none to the old file. That file's owner and group
  /// are ours to give only if it was our own. If not, or if that fails (a group that we are not in), the
  /// file, which must have been made with 0600, stays ours alone. `had_list`: an access control list.
  void stand_in_for(struct stat old, bool had_list) const noexcept;
  /// Gives it a name that is not in use. Returns 0 or an errno, EEXIST if the name is taken.
  int give_new_name(const std::string& name) noexcept;
  /// Replaces the entry of that name, which is not followed. If a temporary file would not be found after a
  /// kill, there is no such entry for a moment, unless others could take its name then. Returns 0 or an
  /// errno.
  int replace(const std::string& name);

 private:
  bool set_mode(mode_t mode) const noexcept;
  int link_as(const std::string& name) const noexcept;
  int make_room_and_link(const std::string& name) const noexcept;

  int directory_;
  BeforeMaking before_making_;
  Fd file_;
  std::string temporary_;
  bool has_temporary_ = false;
};

/// Advice for EEXIST from give_new_name().
constexpr const char* kNameIsTaken =
    "Something else has got its name since the run began, and stays. Give it a name that nothing else uses.";

}  // namespace nslaunch::sys
