#include "sys/remove_contents.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <memory>
#include <string_view>

#include "sys/fd.hpp"

namespace nslaunch::sys {
namespace {

/// Nothing that we remove has more levels; others' trees can't use up our stack or descriptors.
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

/// To be read and emptied. Empty with errno where that can't be.
Fd open_to_empty(int directory) {
  // K43
  char itself[32];
  std::snprintf(itself, sizeof itself, "/proc/self/fd/%d", directory);
  struct stat status = {};
  if (::fstat(directory, &status) == 0 && (status.st_mode & 0700) != 0700)
    ::fchmodat(AT_FDCWD, itself, 0700, 0);
  return Fd(::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

Fd open_to_empty(int parent, const char* name) {
  const Fd place(::openat(parent, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!place) return {};
  if (!is_mounted_here(place.get(), parent)) return open_to_empty(place.get());
  errno = EXDEV;
  return {};
}

int remove_at(int directory, const char* name, int depth) noexcept;

/// 0 or the errno of the first that could not be removed; the others are.
int empty_it(Fd directory, int depth) {
  const int number = directory.get();
  const std::unique_ptr<DIR, int (*)(DIR*)> listing(::fdopendir(number), ::closedir);
  if (!listing) return errno;
  directory.release();
  int first = 0;
  while (const dirent* entry = ::readdir(listing.get())) {
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    const int error = remove_at(number, entry->d_name, depth + 1);
    if (first == 0 && error != ENOENT) first = error;
  }
  return first;
}

int remove_at(int directory, const char* name, int depth) noexcept {
  if (::unlinkat(directory, name, 0) == 0) return 0;
  const int error = errno;
  if (error != EISDIR && error != EPERM) return error;
  if (::unlinkat(directory, name, AT_REMOVEDIR) == 0) return 0;
  if (errno != ENOTEMPTY && errno != EEXIST) return errno == ENOTDIR ? error : errno;
  if (depth == kDeepest) return ELOOP;
  auto inside = open_to_empty(directory, name);
  if (!inside) return errno;
  if (const int kept = empty_it(std::move(inside), depth); kept != 0) return kept;
  return ::unlinkat(directory, name, AT_REMOVEDIR) == 0 ? 0 : errno;
}

}  // namespace

int remove_contents(int directory) noexcept {
  auto inside = open_to_empty(directory);
  return inside ? empty_it(std::move(inside), 0) : errno;
}

}  // namespace nslaunch::sys
