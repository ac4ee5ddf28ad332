#include "sys/files.hpp"

#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "sys/check.hpp"

namespace nslaunch::sys {

namespace {

/// A sandbox may answer EPERM to a call that it does not know, as what lies on the way may: so that is asked
/// of the root, on whose way nothing lies.
bool has_openat2() noexcept {
  static const bool has = [] {
    open_how how = {};
    how.flags = O_PATH | O_CLOEXEC;
    const Fd root(static_cast<int>(::syscall(SYS_openat2, AT_FDCWD, "/", &how, sizeof how)));
    return root || (errno != ENOSYS && errno != EPERM);
  }();
  return has;
}

}  // namespace

bool may_lead_through_link(const std::string& path) noexcept {
  open_how how = {};
  how.flags = O_PATH | O_CLOEXEC;
  how.resolve = RESOLVE_NO_SYMLINKS;
  const Fd place(static_cast<int>(::syscall(SYS_openat2, AT_FDCWD, path.c_str(), &how, sizeof how)));
  return !place && errno != ENOENT && errno != ENOTDIR && errno != EACCES;
}

Fd open_without_magic_links(const std::string& path, int flags) noexcept {
  if (!has_openat2()) return Fd(::open(path.c_str(), flags | O_CLOEXEC));
  open_how how = {};
  how.flags = static_cast<unsigned>(flags | O_CLOEXEC);
  how.resolve = RESOLVE_NO_MAGICLINKS;
  return Fd(static_cast<int>(::syscall(SYS_openat2, AT_FDCWD, path.c_str(), &how, sizeof how)));
}

Fd open_on_same_mount(int folder, const char* name, int flags) noexcept {
  if (!has_openat2()) return Fd(::openat(folder, name, flags | O_NOFOLLOW | O_CLOEXEC));
  open_how how = {};
  how.flags = static_cast<unsigned>(flags | O_NOFOLLOW | O_CLOEXEC);
  how.resolve = RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS;
  return Fd(static_cast<int>(::syscall(SYS_openat2, folder, name, &how, sizeof how)));
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
