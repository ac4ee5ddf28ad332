#include "sys/files/for_user.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdlib>

#include "sys/base/check.hpp"
#include "sys/base/files.hpp"
#include "sys/files/directory.hpp"
#include "sys/files/mounter.hpp"
#include "sys/process/as_user.hpp"

namespace nslaunch::sys {
namespace {

/// For a directory on a user's FUSE or a dead NFS server.
constexpr std::chrono::seconds kLimit{10};
constexpr int kMostLinks = 40;  // as the kernel's own limit

Answer answer_with(int error, Fd place = {}) {
  auto answer = Answer::of_error(error);
  if (place) answer.descriptors.push_back(std::move(place));
  return answer;
}

/// In the child, as what follows.
bool may_write_to(int directory) {
  return ::faccessat(directory, ".", W_OK | X_OK, 0) == 0;
}

/// Does not follow magic links of /proc either. What can't be made is reported missing by the later open.
void make_missing(const std::string& path, mode_t mode) {
  if (!path.starts_with('/')) throw Error(errno_code(EINVAL), "making a directory by a relative path");
  auto there = path;
  auto directory = open_without_magic_links(there, O_PATH | O_DIRECTORY);
  while (!directory && errno == ENOENT && !there.empty()) {
    there.resize(there.rfind('/'));
    directory = open_without_magic_links(there.empty() ? "/" : there, O_PATH | O_DIRECTORY);
  }
  if (directory) Directory(std::move(directory)).open_or_make_below(path.substr(there.size()), mode);
}

Answer open_as_oneself(const Wanted& wanted) try {
  if (wanted.make) make_missing(wanted.path, *wanted.make);
  const bool is_directory = wanted.make || wanted.writable;
  auto place = open_without_magic_links(wanted.path, O_PATH | (is_directory ? O_DIRECTORY : 0));
  if (!place) return answer_with(errno);
  const bool may_write = !wanted.writable || may_write_to(place.get());
  return answer_with(may_write ? 0 : errno, std::move(place));
} catch (const Error& error) {
  return answer_with(error.code().value());
}

bool is_of_root(const struct stat& status) {
  return status.st_uid == 0 || status.st_uid == ::geteuid();
}

/// A path that only root can change: every directory on it is root's, and so are the entries that it uses.
class RootsWay {
 public:
  RootsWay(const Wanted& wanted, uid_t uid, gid_t gid) : wanted_(wanted), uid_(uid), gid_(gid) {}

  Fd walk() {
    put_ahead(wanted_.path);
    while (!ahead_.empty()) {
      const auto name = ahead_.back();
      ahead_.pop_back();
      take(name);
    }
    give_away();
    return std::move(place_);
  }

 private:
  void put_ahead(const std::string& path) {
    if (path.starts_with('/')) here_ = Directory::open("/");
    place_.reset(check(::fcntl(here_.fd(), F_DUPFD_CLOEXEC, 0), "keeping a directory"));
    for (std::size_t end = path.size(); end != 0;) {
      const auto slash = path.rfind('/', end - 1);
      const auto start = slash == std::string::npos ? 0 : slash + 1;
      if (start < end) ahead_.push_back(path.substr(start, end - start));
      end = slash == std::string::npos ? 0 : slash;
    }
  }

  void take(const std::string& name) {
    if (name == ".") return;
    if (name == "..") return move_to(here_.parent());
    const auto above = here_.status();
    const bool is_closed = is_of_root(above) && (above.st_mode & 022) == 0;
    const bool is_sticky = is_of_root(above) && (above.st_mode & S_ISVTX) != 0;
    if (!is_closed && !is_sticky) refuse(EACCES);
    const Fd there(::openat(here_.fd(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    if (!there) return make(name, is_closed);
    if (ahead_.size() < wanted_.made_names) refuse(EEXIST);
    if (mounter_of(there.get()) != Mounter::kRoot) refuse(EACCES);  // before it is asked anything
    struct stat status = {};
    check(::fstat(there.get(), &status), "looking at a file");
    // In a sticky directory any user may create entries, and rename their own.
    if (!is_closed && !is_of_root(status)) refuse(EACCES);
    // Another user may have moved it there from a directory of their own, or linked it, so that it is another
    // file or link of root's than its name says. A directory of root's can likewise be moved by users who may
    // write to it (rename(2)): with an access control list the group's bits are its mask.
    if (!is_closed && (!S_ISDIR(status.st_mode) || (status.st_mode & 022) != 0)) refuse(EACCES);
    if (S_ISLNK(status.st_mode)) return follow(name);
    place_ = here_.find(name);
    if (S_ISDIR(status.st_mode)) return move_to(here_.open_below(name));
    if (!ahead_.empty() || wanted_.make || wanted_.writable) refuse(ENOTDIR);
  }

  void make(const std::string& name, bool is_closed) {
    if (errno != ENOENT || !wanted_.make || !is_closed) refuse(errno);
    // They stay root's until all exist: no other user can influence where the next one is made.
    made_.push_back(here_.make(name, 0700));
    move_to(here_.open_below(name));
  }

  void follow(const std::string& name) {
    char target[PATH_MAX];
    const auto size = ::readlinkat(here_.fd(), name.c_str(), target, sizeof target);
    if (size <= 0 || ++links_ > kMostLinks) refuse(ELOOP);
    put_ahead(std::string(target, static_cast<std::size_t>(size)));
  }

  void move_to(Directory directory) {
    if (mounter_of(directory.fd()) != Mounter::kRoot) refuse(EACCES);
    here_ = std::move(directory);
    place_.reset(check(::fcntl(here_.fd(), F_DUPFD_CLOEXEC, 0), "keeping a directory"));
  }

  void give_away() {
    for (auto directory = made_.rbegin(); directory != made_.rend(); ++directory)
      give_directory(*directory, uid_, gid_, wanted_.make);
  }

  [[noreturn]] static void refuse(int error) { throw Error(errno_code(error), "finding a way"); }

  const Wanted& wanted_;
  uid_t uid_;
  gid_t gid_;
  std::vector<std::string> ahead_;  ///< the next one is last
  std::vector<Directory> made_;
  Directory here_;
  Fd place_;
  int links_ = 0;
};

/// Whether the user alone can't decide this, so that root's part is needed.
bool asks_for_root(const Wanted& wanted, const FoundForUser& found, uid_t uid) {
  if (found.error == 0) return wanted.is_named_by_root && found.owner != uid;
  return found.error == EACCES || found.error == EPERM || found.error == EROFS;
}

}  // namespace

FoundForUser find_for_user(const Wanted& wanted, uid_t uid, gid_t gid, const std::vector<gid_t>& groups) {
  FoundForUser found;
  auto answer = as_user(
      uid, gid, groups, kLimit, [&] { return open_as_oneself(wanted); }, Signals::kEndIt);
  if (!answer.descriptors.empty()) found.place = std::move(answer.descriptors.front());
  found.error = answer.error();
  found.is_anothers = found.place && mounter_of(found.place.get()) == Mounter::kAnother;
  if (found.is_anothers) {
    found.place.reset();
    found.error = EACCES;
    return found;
  }
  struct stat status = {};
  if (found.place && ::fstat(found.place.get(), &status) == 0) found.owner = status.st_uid;
  const bool asks = asks_for_root(wanted, found, uid);
  if (found.error == 0 && !asks) return found;
  found.place.reset();
  if (found.error == 0) found.error = EACCES;
  if (!asks || wanted.roots_part == RootsPart::kNone) return found;
  try {
    auto place = RootsWay(wanted, uid, gid).walk();
    const auto look = [&] { return answer_with(may_write_to(place.get()) ? 0 : errno); };
    if (wanted.is_named_by_root &&
        as_user(uid, gid, groups, kLimit, look, Signals::kEndIt, {place.get()}).text != "0")
      return found;
    found = {.place = std::move(place), .is_roots = true};
  } catch (const Error&) {
    return found;  // the user's own failure is the one to report
  }
  return found;
}

void give_directory(const Directory& directory, uid_t uid, gid_t gid, std::optional<mode_t> mode) {
  const auto give = [&] {
    try {
      directory.set_owner(uid, gid);
      if (mode) directory.set_mode(*mode);
    } catch (const Error& error) {
      return error.code().value();
    }
    return 0;
  };
  const int error = as_owner_of(directory.fd(), kLimit, give, {}, RootsWork::kInChild);
  if (error != 0) throw Error(errno_code(error), fmt::format("giving a directory to user {}", uid));
}

Fd find_on_roots_way(const std::string& path) try {
  const Wanted wanted{.path = path};
  return RootsWay(wanted, ::geteuid(), ::getegid()).walk();
} catch (const Error&) {
  return {};
}

}  // namespace nslaunch::sys
