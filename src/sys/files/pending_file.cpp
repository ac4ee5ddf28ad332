#include "sys/files/pending_file.hpp"

#include <fcntl.h>
#include <sys/xattr.h>
#include <unistd.h>
#include <nslaunch/error.hpp>

#include <cerrno>
#include <cstdio>

#include "sys/base/check.hpp"
#include "sys/base/random.hpp"
#include "sys/files/shared_directory.hpp"

namespace nslaunch::sys {

PendingFile::PendingFile(int directory, int access, mode_t mode, BeforeMaking before_making)
    : directory_(directory),
      before_making_(std::move(before_making)),
      temporary_(fmt::format(".nslaunch-{}.tmp", random_hex())) {
  file_.reset(::openat(directory, ".", O_TMPFILE | access | O_CLOEXEC, mode));
  if (file_) return;
  // A file system or a kernel may lack O_TMPFILE: a kernel that does not know the flag reports EISDIR.
  if (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL) check(-1, "making a file without a name");
  if (before_making_ && !before_making_(directory, temporary_))
    throw Error(errno_code(EOPNOTSUPP), "making a file without a name");
  constexpr int kNew = O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  file_.reset(check(::openat(directory, temporary_.c_str(), access | kNew, mode), "making a file"));
  has_temporary_ = true;
}

PendingFile::~PendingFile() {
  if (has_temporary_) ::unlinkat(directory_, temporary_.c_str(), 0);
}

bool PendingFile::take_rights_of(const struct stat& old) const noexcept {
  struct stat fresh = {};
  if (::fstat(fd(), &fresh) != 0) return false;
  const bool same_owner = fresh.st_uid == old.st_uid && fresh.st_gid == old.st_gid;
  if (!same_owner && ::fchown(fd(), old.st_uid, old.st_gid) != 0) return false;
  return set_mode(old.st_mode & 0777U);  // a write clears set-id bits, too
}

/// With an inherited access control list, the mode's group bits would be its mask.
bool PendingFile::set_mode(mode_t mode) const noexcept {
  const bool keeps_list =
      ::fremovexattr(fd(), "system.posix_acl_access") != 0 && errno != ENODATA && errno != EOPNOTSUPP;
  return !keeps_list && ::fchmod(fd(), mode) == 0;
}

void PendingFile::stand_in_for(struct stat old, bool had_list) const noexcept {
  // The list may have shut out users whom the mode's other bits let in.
  if (had_list) old.st_mode &= ~mode_t{077};
  if (old.st_uid != ::geteuid() || !take_rights_of(old)) set_mode(0600);
}

int PendingFile::link_as(const std::string& name) const noexcept {
  char itself[32];
  std::snprintf(itself, sizeof itself, "/proc/self/fd/%d", file_.get());
  if (::linkat(AT_FDCWD, itself, directory_, name.c_str(), AT_SYMLINK_FOLLOW) == 0) return 0;
  // Without a /proc, if we have the right to.
  const int error = errno;
  if (error == ENOENT && ::linkat(file_.get(), "", directory_, name.c_str(), AT_EMPTY_PATH) == 0) return 0;
  return error;
}

int PendingFile::give_new_name(const std::string& name) noexcept {
  if (!has_temporary_) return link_as(name);
  int result = ::renameat2(directory_, temporary_.c_str(), directory_, name.c_str(), RENAME_NOREPLACE);
  // Some file systems (NFS) know no such rename. A link does not replace either; the destructor removes the
  // other name.
  if (result != 0 && (errno == EINVAL || errno == ENOSYS))
    return ::linkat(directory_, temporary_.c_str(), directory_, name.c_str(), 0) == 0 ? 0 : errno;
  if (result != 0) return errno;
  has_temporary_ = false;
  return 0;
}

int PendingFile::make_room_and_link(const std::string& name) const noexcept {
  if (::unlinkat(directory_, name.c_str(), 0) != 0 && errno != ENOENT) return errno;
  return link_as(name);
}

/// Only a rename can replace an existing entry. Where others could take the name while it is free, even a
/// temporary file that nobody would find after a kill is better.
int PendingFile::replace(const std::string& name) {
  if (!has_temporary_) {
    const bool would_be_found = !before_making_ || before_making_(directory_, temporary_);
    if (!would_be_found && !is_sticky_and_shared(directory_)) return make_room_and_link(name);
    if (const int error = link_as(temporary_); error != 0) return error;
    has_temporary_ = true;
  }
  if (::renameat(directory_, temporary_.c_str(), directory_, name.c_str()) != 0) return errno;
  has_temporary_ = false;
  return 0;
}

}  // namespace nslaunch::sys
