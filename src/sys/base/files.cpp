#include "sys/base/files.hpp"

#include <linux/magic.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

#include "sys/base/check.hpp"

namespace nslaunch::sys {

namespace {

/// Empty, with errno set, if that fails.
Fd open_at(int directory, const char* path, int flags, std::uint64_t resolve) noexcept {
  open_how how = {};
  how.flags = static_cast<unsigned>(flags | O_CLOEXEC);
  how.resolve = resolve;
  return Fd(static_cast<int>(::syscall(SYS_openat2, directory, path, &how, sizeof how)));
}

/// Whether openat2(2) itself is missing. A sandbox returns EPERM for a call that it does not know, but a
/// user's file system on the path may return either error, too: so "/" is tried, with no file system in
/// between.
bool lacks_openat2(int error) noexcept {
  if (error != ENOSYS && error != EPERM) return false;
  const bool is_missing = !open_at(AT_FDCWD, "/", O_PATH, 0) && errno == error;
  errno = error;
  return is_missing;
}

}  // namespace

bool may_lead_through_link(const std::string& path) noexcept {
  const auto place = open_at(AT_FDCWD, path.c_str(), O_PATH, RESOLVE_NO_SYMLINKS);
  return !place && errno != ENOENT && errno != ENOTDIR && errno != EACCES;
}

Fd open_without_magic_links(const std::string& path, int flags) noexcept {
  auto place = open_at(AT_FDCWD, path.c_str(), flags, RESOLVE_NO_MAGICLINKS);
  if (!place && lacks_openat2(errno)) place.reset(::open(path.c_str(), flags | O_CLOEXEC));
  return place;
}

bool lies_in_proc(int file) noexcept {
  struct statfs system = {};
  return ::fstatfs(file, &system) != 0 || system.f_type == PROC_SUPER_MAGIC;
}

Fd open_on_same_mount(int directory, const char* name, int flags) noexcept {
  auto place = open_at(directory, name, flags | O_NOFOLLOW, RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS);
  if (!place && lacks_openat2(errno)) place.reset(::openat(directory, name, flags | O_NOFOLLOW | O_CLOEXEC));
  return place;
}

Fd open_file(const std::string& path, int flags, mode_t mode) {
  return Fd(check(::open(path.c_str(), flags | O_CLOEXEC, mode), "opening {}", path));
}

std::optional<std::string> read_file(const char* path, std::size_t limit) {
  return read_file_at(AT_FDCWD, path, limit);
}

std::optional<std::string> read_file_at(int dirfd, const char* path, std::size_t limit) {
  const Fd file(::openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (!file) return std::nullopt;
  return read_rest(file.get(), limit);
}

std::optional<std::string> read_rest(int fd, std::size_t limit) {
  std::string content;
  char chunk[4096];
  while (content.size() < limit) {
    const ssize_t count = retry_on_eintr([&] { return ::read(fd, chunk, sizeof chunk); });
    if (count < 0) return std::nullopt;
    if (count == 0) break;
    content.append(chunk, static_cast<std::size_t>(count));
  }
  if (content.size() > limit) content.resize(limit);
  return content;
}

std::optional<std::string> read_setting_at(int dirfd, const char* path) {
  const Fd file(::openat(dirfd, path, O_RDONLY | O_CLOEXEC));
  char value[4096];  // a list of reserved ports may be long
  const ssize_t count = file ? ::read(file.get(), value, sizeof value) : -1;
  if (count < 0) return std::nullopt;
  std::string text(value, static_cast<std::size_t>(count));
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

int write_file(const char* path, std::string_view content) noexcept {
  return write_file_at(AT_FDCWD, path, content);
}

int write_file_at(int dirfd, const char* path, std::string_view content) noexcept {
  const Fd file(::openat(dirfd, path, O_WRONLY | O_CLOEXEC | O_NOCTTY));
  if (!file) return errno;
  return ::write(file.get(), content.data(), content.size()) < 0 ? errno : 0;
}

int write_all(int fd, std::string_view content) noexcept {
  while (!content.empty()) {
    const ssize_t count = retry_on_eintr([&] { return ::write(fd, content.data(), content.size()); });
    if (count < 0) return errno;
    content.remove_prefix(static_cast<std::size_t>(count));
  }
  return 0;
}

namespace {

struct flock whole_file_write_lock() {
  struct flock lock = {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  return lock;
}

}  // namespace

bool try_write_lock(int fd) {
  auto lock = whole_file_write_lock();
  if (::fcntl(fd, F_OFD_SETLK, &lock) == 0) return true;
  if (errno == EAGAIN || errno == EACCES) return false;
  throw Error(errno_code(errno), "locking a file");
}

bool is_write_locked(int fd) {
  auto lock = whole_file_write_lock();
  check(::fcntl(fd, F_OFD_GETLK, &lock), "asking for a lock's holder");
  return lock.l_type != F_UNLCK;
}

}  // namespace nslaunch::sys
