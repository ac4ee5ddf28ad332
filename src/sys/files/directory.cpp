#include "sys/files/directory.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <memory>

#include "sys/base/check.hpp"
#include "sys/base/files.hpp"
#include "sys/base/text.hpp"
#include "sys/files/mounter.hpp"
#include "sys/files/remove_contents.hpp"
#include "sys/files/shared_directory.hpp"

namespace nslaunch::sys {
namespace {

constexpr int kDirectory = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

/// During its lifetime, files get exactly the mode they are made with, so that none has to be set afterwards.
class NoUmask {
 public:
  NoUmask() noexcept : before_(::umask(0)) {}
  NoUmask(const NoUmask&) = delete;
  NoUmask& operator=(const NoUmask&) = delete;
  ~NoUmask() { ::umask(before_); }

 private:
  mode_t before_;
};

void check_name(const std::string& name) {
  if (!name.empty() && name != ".." && name.find('/') == std::string::npos) return;
  throw Error(errno_code(EINVAL), fmt::format("using {} as a name", escape(name)));
}

/// Removes and returns the first of several names; empty at the end.
std::string take_name(std::string& names) {
  const auto start = names.find_first_not_of('/');
  if (start == std::string::npos) return {};
  const auto end = names.find('/', start);
  auto name = names.substr(start, end == std::string::npos ? end : end - start);
  names.erase(0, end);
  return name;
}

struct Closer {
  void operator()(DIR* stream) const noexcept { ::closedir(stream); }
};
using Stream = std::unique_ptr<DIR, Closer>;

Stream list(int directory) {
  Fd readable(::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  Stream stream(readable ? ::fdopendir(readable.get()) : nullptr);
  if (stream) readable.release();
  return stream;
}

std::vector<std::string> names_in(const Stream& stream) {
  std::vector<std::string> names;
  while (const dirent* entry = ::readdir(stream.get())) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(name);
  }
  return names;
}

int change_mode(int file, mode_t mode) noexcept {
  if (::fchmod(file, mode) == 0) return 0;
  if (errno != EBADF) return -1;
  return ::chmod(descriptor_path(file).c_str(), mode);  // an O_PATH descriptor
}

}  // namespace

std::string descriptor_path(int descriptor) {
  return fmt::format("/proc/self/fd/{}", descriptor);
}

bool is_same(int one, int other) noexcept {
  struct stat a = {};
  struct stat b = {};
  return ::fstat(one, &a) == 0 && ::fstat(other, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

std::string path_of(int descriptor) {
  char target[PATH_MAX];
  const auto size = ::readlink(descriptor_path(descriptor).c_str(), target, sizeof target);
  std::string path(target, size > 0 ? static_cast<std::size_t>(size) : 0);
  if (!path.starts_with('/')) return {};
  // If the file itself lies on another user's mount, the caller has already decided to access that mount.
  const auto ways = mounter_of(descriptor) == Mounter::kAnother ? Ways::kAny : Ways::kAskNobody;
  try {
    return is_same(open_path_without_links(path, ways).get(), descriptor) ? path : std::string();
  } catch (const Error&) {
    return {};
  }
}

Fd open_path_without_links(const std::string& path, Ways ways, const std::string& root) {
  Fd here(check(::open(root.c_str(), kDirectory), "opening {}", root));
  std::string rest = path;
  for (auto name = take_name(rest); !name.empty(); name = take_name(rest)) {
    check_name(name);
    const bool last = rest.find_first_not_of('/') == std::string::npos;
    const int flags = last ? O_PATH | O_NOFOLLOW | O_CLOEXEC : kDirectory;
    here.reset(check(::openat(here.get(), name.c_str(), flags), "opening {}", path));
    if (ways == Ways::kAskNobody && mounter_of(here.get()) == Mounter::kAnother)
      throw Error(errno_code(EACCES), fmt::format("opening {}", escape(path)));
  }
  return here;
}

Directory Directory::open(const std::string& path) {
  return Directory(open_file(path, O_PATH | O_DIRECTORY));
}

Directory Directory::open_or_make(const std::string& path, mode_t mode) {
  const NoUmask none;
  for (std::size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
    const std::string part = path.substr(0, end);
    if (::mkdir(part.c_str(), mode) != 0 && errno != EEXIST) {
      // A parent may be unwritable but exist (EROFS, EACCES).
      struct stat status = {};
      const int saved = errno;
      if (::stat(part.c_str(), &status) != 0 || !S_ISDIR(status.st_mode))
        throw Error(errno_code(saved), fmt::format("making {}", escape(part)));
    }
    if (end == std::string::npos) return open(path);
  }
}

Directory Directory::open_without_links(const std::string& path) {
  auto there = open_path_without_links(path);
  struct stat status = {};
  check(::fstat(there.get(), &status), "looking at {}", path);
  if (S_ISDIR(status.st_mode)) return Directory(std::move(there));
  throw Error(errno_code(S_ISLNK(status.st_mode) ? ELOOP : ENOTDIR), fmt::format("opening {}", escape(path)));
}

std::string Directory::path() const {
  return path_of(fd());
}

struct stat Directory::status() const {
  struct stat status = {};
  check(::fstat(fd(), &status), "looking at a directory");
  return status;
}

std::vector<std::string> Directory::names() const {
  const auto stream = list(fd());
  check(stream ? 0 : -1, "reading a directory");
  return names_in(stream);
}

bool Directory::is_empty() const {
  return names().empty();
}

Directory Directory::parent() const {
  return Directory(Fd(check(::openat(fd(), "..", kDirectory), "opening the directory above")));
}

Directory Directory::open_below(const std::string& name) const {
  check_name(name);
  return Directory(Fd(check(::openat(fd(), name.c_str(), kDirectory), "opening {}", escape(name))));
}

Fd Directory::find(const std::string& name) const {
  check_name(name);
  return Fd(check(::openat(fd(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC), "opening {}", escape(name)));
}

Directory Directory::open_or_make_below(const std::string& names, mode_t mode) const {
  Directory here(Fd(check(::fcntl(fd(), F_DUPFD_CLOEXEC, 0), "keeping a directory")));
  const NoUmask none;
  std::string rest = names;
  for (auto name = take_name(rest); !name.empty(); name = take_name(rest)) {
    check_name(name);
    // One that another process makes meanwhile is as good: open_below() checks what it is.
    struct stat status = {};
    const bool is_missing =
        ::fstatat(here.fd(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0 && errno == ENOENT;
    if (is_missing && ::mkdirat(here.fd(), name.c_str(), mode) != 0 && errno != EEXIST)
      check(-1, "making {}", escape(name));
    here = here.open_below(name);
  }
  return here;
}

Directory Directory::make(const std::string& name, mode_t mode) const {
  check_name(name);
  const auto before = time_of_files();
  {
    const NoUmask none;
    check(::mkdirat(fd(), name.c_str(), mode), "making {}", escape(name));
  }
  auto made = open_below(name);
  const auto found = made.status();
  const bool is_ours = found.st_uid == ::geteuid() && (found.st_mode & 0777 & ~mode) == 0;
  // Who owns the directory above may exchange it for an older one of ours. Elsewhere the times may be another
  // machine's.
  const bool is_new = only_we_may_change(fd()) || is_made_since(made.fd(), before).value_or(true);
  if (is_ours && is_new && made.is_empty()) return made;
  throw Error(errno_code(ESTALE), fmt::format("making {}: somebody has put another one there", escape(name)));
}

Fd Directory::make_file(const std::string& name, mode_t mode) const {
  check_name(name);
  if (is_protected_entry(fd(), name))
    throw Error(errno_code(EACCES), fmt::format("replacing {}, which is another user's", escape(name)));
  ::unlinkat(fd(), name.c_str(), 0);
  constexpr int kNew = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  return Fd(check(::openat(fd(), name.c_str(), kNew, mode), "making {}", escape(name)));
}

Fd Directory::make_mount_point(const std::string& name, bool is_directory) const {
  check_name(name);
  const int made =
      is_directory ? ::mkdirat(fd(), name.c_str(), 0700) : ::mknodat(fd(), name.c_str(), S_IFREG | 0600, 0);
  if (made != 0 && errno != EEXIST) check(-1, "making {}", escape(name));
  return find(name);
}

void Directory::set_owner(uid_t uid, gid_t gid) const {
  check(::fchownat(fd(), "", uid, gid, AT_EMPTY_PATH), "giving a directory its owner");
}

void Directory::set_mode(mode_t mode) const {
  check(change_mode(fd(), mode), "giving a directory its mode");
}

bool Directory::remove_contents() const noexcept {
  return sys::remove_contents(fd()) == 0;
}

void Directory::remove(const std::string& name, const Directory& which) const noexcept {
  const auto there = open_on_same_mount(fd(), name.c_str(), O_PATH | O_DIRECTORY);
  if (there && is_same(there.get(), which.fd())) ::unlinkat(fd(), name.c_str(), AT_REMOVEDIR);
}

}  // namespace nslaunch::sys
