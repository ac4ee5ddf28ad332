#pragma once

#include <sys/stat.h>

#include <functional>
#include <string>

#include "sys/base/fd.hpp"

namespace nslaunch::sys {

/// Told of a name in an open directory before something of that name is made which its maker removes again:
/// who is killed leaves it. Told of a directory a second time when it is there: by its own descriptor, and an
/// empty name. False where nobody would find it then: who can do without it does.
using BeforeMaking = std::function<bool(int directory, const std::string& name)>;

/// A file that is complete before it has its name, so that nobody meets half of it. On most file systems it
/// has none until then, and nothing is left when its maker is killed; on others it is .nslaunch-XXX.tmp.
class PendingFile {
 public:
  /// In an open directory (O_PATH will do), which must outlive it. Throws Error: EOPNOTSUPP where it would
  /// need a temporary that nobody would find.
  PendingFile(int directory, int access, mode_t mode, BeforeMaking before_making);
  PendingFile(const PendingFile&) = delete;
  PendingFile& operator=(const PendingFile&) = delete;
  ~PendingFile();

  int fd() const noexcept { return file_.get(); }
  /// Gives it owner and permissions of a file that it is to replace, so that the same users may do the same
  /// with it. False where that can't be.
  bool take_rights_of(const struct stat& old) const noexcept;
  /// Gives it a name that nothing has yet. Returns 0 or an errno, EEXIST where something has it.
  int give_new_name(const std::string& name) noexcept;
  /// Puts it in the place of what has the name, which is not followed; for a moment nothing has it where a
  /// temporary would be found by nobody. Returns 0 or an errno.
  int replace(const std::string& name);

 private:
  int link_as(const std::string& name) const noexcept;
  int make_room_and_link(const std::string& name) const noexcept;

  int directory_;
  BeforeMaking before_making_;
  Fd file_;
  std::string temporary_;
  bool has_temporary_ = false;
};

}  // namespace nslaunch::sys
