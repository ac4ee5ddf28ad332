#include "registry/reap/leftovers.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>

#include "sys/base/check.hpp"
#include "sys/base/files.hpp"
#include "sys/base/text.hpp"
#include "sys/files/directory.hpp"
#include "sys/files/remove_contents.hpp"
#include "sys/process/as_user.hpp"

namespace nslaunch::registry {
namespace {

constexpr std::string_view kOwnNames = ".nslaunch-";
/// Prefix of an entry that identifies the directory named by the entry before it.
constexpr std::string_view kMade = "made ";

constexpr std::chrono::seconds kRemovalLimit{3};

/// Each directory on the path must be a real one, whatever its name referred to when it was noted, and not
/// served by a user's program, which could block us. Empty, with errno set, on failure.
sys::Fd open_place(const std::string& path) try {
  return sys::open_path_without_links(path.empty() ? "/" : path, sys::Ways::kAskNobody);
} catch (const Error& error) {
  errno = error.code().value();
  return {};
}

std::string why_kept(const std::string& path, int error) {
  return fmt::format("a shard has left {}: {}; see what is there, mend or remove it, and run: nslaunch reap",
                     sys::escape(path), sys::errno_code(error).message());
}

/// Identifies a directory: no user can create another one with the same fingerprint. Empty if it can't be
/// determined.
std::string fingerprint(int directory) {
  struct statx status = {};
  constexpr unsigned kNeeded = STATX_INO | STATX_BTIME;
  if (::statx(directory, "", AT_EMPTY_PATH, kNeeded, &status) != 0) return {};
  if ((status.stx_mask & kNeeded) != kNeeded) return {};  // an inode number alone is reused
  return fmt::format("{:x}:{:x} {} {}.{:09}", status.stx_dev_major, status.stx_dev_minor, status.stx_ino,
                     status.stx_btime.tv_sec, status.stx_btime.tv_nsec);
}

bool is_made(int directory, const std::string& made) {
  return !made.empty() && fingerprint(directory) == made;
}

bool is_ours(int directory, const std::string& made) {
  struct stat status = {};
  return is_made(directory, made) && ::fstat(directory, &status) == 0 && status.st_uid == ::geteuid();
}

/// Returns 0 or an errno. The contents of a directory that is not known to be ours stay, and are reported.
int remove_directory(int place, const char* name, const std::string& made) {
  const auto directory = sys::open_on_same_mount(place, name, O_PATH | O_DIRECTORY);
  if (!directory) return errno;
  const int kept = is_ours(directory.get(), made) ? sys::remove_contents(directory.get()) : 0;
  if (kept != 0) return kept;
  return ::unlinkat(place, name, AT_REMOVEDIR) == 0 ? 0 : errno;
}

int remove_in(int place, const char* name, const std::string& made) {
  const int error = ::unlinkat(place, name, 0) == 0 ? 0 : errno;
  if (error != EISDIR && error != EACCES) return error;
  const int of_directory = remove_directory(place, name, made);
  return of_directory == ENOTDIR || of_directory == ELOOP ? error : of_directory;
}

/// Whose rights it is removed with: returns a descriptor of a file of that user's. Root removes it itself in
/// a directory of its own, or if it is the very directory that root created in another user's. What was
/// created as a user is removed as that user, who could create it there: in a directory of root's, too, if
/// others can write to it.
sys::Fd whose_it_is(const sys::Fd& place, const char* name, const std::string& made) {
  struct stat status = {};
  const bool is_in_roots = ::fstat(place.get(), &status) == 0 && status.st_uid == 0;
  const bool is_open = (status.st_mode & 022) != 0;
  auto directory = sys::open_on_same_mount(place.get(), name, O_PATH | O_DIRECTORY);
  const bool is_known = directory && is_made(directory.get(), made) && ::fstat(directory.get(), &status) == 0;
  if (is_known && (!is_in_roots || (is_open && status.st_uid != 0))) return directory;
  return sys::Fd(::fcntl(place.get(), F_DUPFD_CLOEXEC, 0));
}

/// Removes a file that root created in a directory whose owner has no right to write there, but could grant
/// it to himself: using root's right does no more than he could do. Returns 0 or an errno.
int remove_for_owner(int place, const char* name) {
  const auto remove = [&] { return sys::Answer::of_error(::unlinkat(place, name, 0) == 0 ? 0 : errno); };
  return sys::in_child(0, kRemovalLimit, remove, sys::Signals::kWait, {place}).error();
}

/// In children, because any user on the path may hold a lock for as long as he likes (K66).
int remove_as_root(const std::string& directory, const char* name, const std::string& made) {
  const auto look = [&] {
    auto place = open_place(directory);
    if (!place) return sys::Answer::of_error(errno);
    sys::Answer answer;
    answer.descriptors.push_back(whose_it_is(place, name, made));
    answer.descriptors.push_back(std::move(place));
    return answer;
  };
  const auto answer = sys::in_child(0, kRemovalLimit, look);
  if (answer.descriptors.empty()) return answer.error();
  const int whose = answer.descriptors.front().get();
  const int place = answer.descriptors.back().get();
  const auto remove = [&] { return remove_in(place, name, made); };
  const int error = sys::as_owner_of(whose, kRemovalLimit, remove, {place}, sys::RootsWork::kInChild);
  if (error != EACCES) return error;
  if (sys::is_same(whose, place)) return remove_for_owner(place, name);
  // The user created it there with the rights of a group that he does not have here: he may not even look for
  // it.
  if (const int kept = sys::remove_contents(whose); kept != 0) return kept;
  const auto remove_empty = [&] {
    const auto still = sys::open_on_same_mount(place, name, O_PATH | O_DIRECTORY);
    if (!still || !sys::is_same(still.get(), whose)) return error;
    return ::unlinkat(place, name, AT_REMOVEDIR) == 0 ? 0 : error;
  };
  return sys::as_owner_of(place, kRemovalLimit, remove_empty, {whose}, sys::RootsWork::kInChild);
}

int remove_here(const std::string& directory, const char* name, const std::string& made) {
  const auto place = open_place(directory);
  return place ? remove_in(place.get(), name, made) : errno;
}

/// Removes one entry; a path that we did not create is ignored.
void remove_leftover(const std::string& path, const std::string& made, Removed& sum) {
  const auto slash = path.rfind('/');
  if (!path.starts_with('/') || !std::string_view(path).substr(slash + 1).starts_with(kOwnNames)) return;
  const auto remove = ::geteuid() == 0 ? remove_as_root : remove_here;
  int error = 0;
  try {
    error = remove(path.substr(0, slash), path.c_str() + slash + 1, made);
  } catch (const Error& failure) {
    error = failure.code().value();
  }
  if (error == 0) {
    ++sum.removed;
  } else if (error == ENOENT || error == ENOTDIR || error == ELOOP) {
    sum.missing += path + '\0' + (made.empty() ? std::string() : std::string(kMade) + made + '\0');
  } else {
    sum.problems.push_back(why_kept(path, error));
  }
}

}  // namespace

std::string entry_of_made(int directory) {
  return std::string(kMade) + fingerprint(directory);
}

Removed remove_leftovers(std::string_view entries) {
  Removed sum;
  std::string path;
  std::string made;
  const auto remove_last = [&] {
    remove_leftover(path, made, sum);
    made.clear();
  };
  // An entry without its end was not written completely, and so its file was not created.
  for (auto end = entries.find('\0'); end != std::string_view::npos; end = entries.find('\0')) {
    const auto entry = entries.substr(0, end);
    entries.remove_prefix(end + 1);
    if (entry.starts_with(kMade)) {
      made = entry.substr(kMade.size());
    } else {
      remove_last();
      path = entry;
    }
  }
  remove_last();
  return sum;
}

}  // namespace nslaunch::registry
