#include "sys/files/remove_contents.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <memory>
#include <string_view>

#include "sys/base/clock.hpp"
#include "sys/base/fd.hpp"
#include "sys/process/as_user.hpp"

namespace nslaunch::sys {
namespace {

/// Nothing that we remove is deeper; other users' trees can't exhaust our stack or descriptors.
constexpr int kDeepest = 64;

bool is_mounted_here(int directory, int parent) {
  struct statx status = {};
  struct stat inner = {};
  struct stat outer = {};
  if (::fstat(directory, &inner) != 0 || ::fstat(parent, &outer) != 0 || inner.st_dev != outer.st_dev)
    return true;
  return ::statx(directory, "", AT_EMPTY_PATH, 0, &status) == 0 &&
         (status.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}

/// K59: users who can write to a directory may have moved something there, even if they could not have
/// removed it.
bool is_ours_alone(int directory) {
  struct stat status = {};
  return ::fstat(directory, &status) == 0 && status.st_uid == ::geteuid() && (status.st_mode & 022) == 0;
}

/// Opens it for reading and emptying. Empty, with errno set, if that is impossible.
Fd open_to_empty(int directory) {
  // K43
  char itself[32];
  std::snprintf(itself, sizeof itself, "/proc/self/fd/%d", directory);
  struct stat status = {};
  if (is_ours_alone(directory) && ::fstat(directory, &status) == 0 && (status.st_mode & 0700) != 0700) {
    [[maybe_unused]] const int failed = ::fchmodat(AT_FDCWD, itself, 0700, 0);  // then openat() does, too
  }
  return Fd(::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

/// Removes overlayfs's mark for a deleted entry.
int remove_whiteout(int directory, const char* name) {
  struct stat status = {};
  if (::fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) != 0) return errno;
  if (!S_ISCHR(status.st_mode) || status.st_rdev != makedev(0, 0)) return ENOTEMPTY;
  return ::unlinkat(directory, name, 0) == 0 ? 0 : errno;
}

int remove_at(int directory, const char* name, int depth, const Deadline& limit) noexcept;

/// 0 or the errno of the first entry that could not be removed; the others are removed.
int empty_it(Fd directory, int depth, const Deadline& limit) {
  const int number = directory.get();
  const bool is_ours = is_ours_alone(number);
  const std::unique_ptr<DIR, int (*)(DIR*)> listing(::fdopendir(number), ::closedir);
  if (!listing) return errno;
  directory.release();
  int first = 0;
  while (const dirent* entry = ::readdir(listing.get())) {
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    if (limit.passed()) return ETIME;
    const int error =
        is_ours ? remove_at(number, entry->d_name, depth + 1, limit) : remove_whiteout(number, entry->d_name);
    if (first == 0 && error != ENOENT) first = error;
    if (first != 0 && !is_ours) break;  // the directory stays, however long the rest is
  }
  return first;
}

/// Another user's as that user, who may have moved in what only root could remove, or hold its lock.
int empty_as_owner(int directory, int depth, const Deadline& limit) {
  return as_owner_of(directory, std::chrono::milliseconds(limit.poll_timeout()), [&] {
    auto inside = open_to_empty(directory);
    return inside ? empty_it(std::move(inside), depth, limit) : errno;
  });
}

int remove_at(int directory, const char* name, int depth, const Deadline& limit) noexcept {
  if (::unlinkat(directory, name, 0) == 0) return 0;
  const int error = errno;
  if (error != EISDIR && error != EPERM) return error;
  if (::unlinkat(directory, name, AT_REMOVEDIR) == 0) return 0;
  if (errno != ENOTEMPTY && errno != EEXIST) return errno == ENOTDIR ? error : errno;
  if (depth == kDeepest) return ELOOP;
  const Fd inside(::openat(directory, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!inside) return errno;
  if (is_mounted_here(inside.get(), directory)) return EXDEV;
  if (const int kept = empty_as_owner(inside.get(), depth, limit); kept != 0) return kept;
  return ::unlinkat(directory, name, AT_REMOVEDIR) == 0 ? 0 : errno;
}

}  // namespace

int remove_contents(int directory, std::chrono::milliseconds limit) noexcept {
  return empty_as_owner(directory, 0, Deadline(limit));
}

}  // namespace nslaunch::sys
