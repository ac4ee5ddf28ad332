#include "registry/place/places.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <memory>

#include "sys/base/check.hpp"
#include "sys/base/fd.hpp"
#include "sys/base/files.hpp"
#include "sys/base/values.hpp"
#include "sys/files/mounter.hpp"

namespace nslaunch::registry {
namespace {

/// For directories in /tmp: one person can have 65,536 uids (/etc/subuid), none of which logs in, and each
/// check costs time.
constexpr std::size_t kMostOfOthers = 200;

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  std::string path = value != nullptr ? value : "";
  // A path with a trailing slash leads through a symbolic link, O_NOFOLLOW or not.
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

bool is_runtime_dir(const std::string& path) {
  const sys::Fd directory(path.starts_with('/') ? ::open(path.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC) : -1);
  if (!directory || sys::mounter_of(directory.get()) == sys::Mounter::kAnother) return false;
  struct stat status = {};
  return ::fstat(directory.get(), &status) == 0 && is_private_to(status, ::geteuid());
}

std::string login_dir(uid_t user) {
  return fmt::format("/run/user/{}", user);
}
Place login_place(uid_t user) {
  return {login_dir(user) + "/nslaunch", user};
}
Place fallback(uid_t user) {
  return {fmt::format("/tmp/nslaunch-{}", user), user};
}

/// Most preferred first. Records are only read from the login session's directory if XDG_RUNTIME_DIR does not
/// name it.
std::vector<Place> own_places(bool to_read) {
  const uid_t self = ::geteuid();
  if (const auto state = variable("NSLAUNCH_STATE_DIR"); !state.empty()) return {{state, self}};
  std::vector<Place> places;
  const auto runtime = variable("XDG_RUNTIME_DIR");
  if (is_runtime_dir(runtime)) places.push_back({runtime + "/nslaunch", self});
  const auto login = login_dir(self);
  if (to_read && login != runtime && is_runtime_dir(login)) places.push_back({login + "/nslaunch", self});
  if (self == 0) places.push_back({"/run/nslaunch", self});
  places.push_back(fallback(self));
  return places;
}

bool reads_others() {
  return ::geteuid() == 0 && variable("NSLAUNCH_STATE_DIR").empty();
}

/// Any user can create any number of entries in /tmp, but none that is another user's. A mount point is left
/// to the code that opens it: a program of that user's may have to answer.
bool may_be_of(uid_t user, int directory, const char* name) {
  const auto entry = sys::open_on_same_mount(directory, name, O_PATH);
  if (!entry) return errno == EXDEV;
  struct statx status = {};
  const bool known = ::statx(entry.get(), "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_UID, &status) == 0;
  return known && status.stx_uid == user;
}

/// Calls visit(user) for every entry of `directory` that is `prefix` and a user's number, in nslaunch's
/// format, and that can belong to that user.
template <typename Visit>
void each_user(const char* directory, std::string_view prefix, Visit visit) {
  const std::unique_ptr<DIR, int (*)(DIR*)> listing(::opendir(directory), ::closedir);
  if (!listing) return;
  while (const dirent* entry = ::readdir(listing.get())) {
    std::string_view name = entry->d_name;
    if (!name.starts_with(prefix)) continue;
    name.remove_prefix(prefix.size());
    const auto user = sys::whole_number<uid_t>(name);
    const bool is_ours = user && name == std::to_string(*user);
    if (is_ours && may_be_of(*user, ::dirfd(listing.get()), entry->d_name)) visit(*user);
  }
}

}  // namespace

bool is_private_to(const struct stat& status, uid_t owner) {
  return S_ISDIR(status.st_mode) && status.st_uid == owner && (status.st_mode & 0777) == 0700;
}

std::vector<Place> places_to_publish() {
  return own_places(false);
}
std::vector<Place> places_to_read() {
  return own_places(true);
}

std::vector<Place> places_of_another(uid_t user) {
  if (!reads_others()) return {};
  return {login_place(user), fallback(user)};
}

std::vector<Place> other_users_places(std::vector<std::string>& problems) {
  std::vector<Place> logged_in;
  std::vector<Place> others;
  if (!reads_others()) return others;
  each_user("/run/user", "", [&](uid_t user) { logged_in.push_back(login_place(user)); });
  each_user("/tmp", "nslaunch-", [&](uid_t user) { others.push_back(fallback(user)); });
  // A person's subordinate uids are higher than the account's own (login.defs: SUB_UID_MIN).
  std::sort(others.begin(), others.end(), [](const Place& a, const Place& b) { return a.owner < b.owner; });
  const auto is_own = [](const Place& place) { return place.owner == 0; };
  std::erase_if(logged_in, is_own);
  std::erase_if(others, is_own);
  if (others.size() > kMostOfOthers) {
    problems.push_back(
        fmt::format("more than {} other users have registry directories in /tmp: the rest is not looked at "
                    "(USER/SHARD finds "
                    "theirs all the same, and nslaunch list shows each user his own)",
                    kMostOfOthers));
    others.resize(kMostOfOthers);
  }
  logged_in.insert(logged_in.end(), others.begin(), others.end());
  return logged_in;
}

}  // namespace nslaunch::registry
