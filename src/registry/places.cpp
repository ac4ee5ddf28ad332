#include "registry/places.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <memory>

#include "sys/check.hpp"
#include "sys/fd.hpp"
#include "sys/mounter.hpp"

namespace nslaunch::registry {
namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  std::string path = value != nullptr ? value : "";
  // With a slash at its end a path leads through a symbolic link, O_NOFOLLOW or not.
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

bool is_runtime_dir(const std::string& path) {
  const sys::Fd folder(path.starts_with('/') ? ::open(path.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC) : -1);
  if (!folder || sys::mounter_of(folder.get()) == sys::Mounter::kAnother) return false;
  struct stat status = {};
  return ::fstat(folder.get(), &status) == 0 && is_private_to(status, ::geteuid());
}

std::string login_dir(uid_t user) {
  return fmt::format("/run/user/{}", user);
}
std::string fallback(uid_t user) {
  return fmt::format("/tmp/nslaunch-{}", user);
}

/// Most wanted first. Records are only read from the login session's folder when XDG_RUNTIME_DIR
/// does not name it.
std::vector<Place> own_places(bool to_read) {
  const uid_t self = ::geteuid();
  if (const auto state = variable("NSLAUNCH_STATE_DIR"); !state.empty()) return {{state, self}};
  std::vector<Place> places;
  const auto runtime = variable("XDG_RUNTIME_DIR");
  if (is_runtime_dir(runtime)) places.push_back({runtime + "/nslaunch", self});
  const auto login = login_dir(self);
  if (to_read && login != runtime && is_runtime_dir(login)) places.push_back({login + "/nslaunch", self});
  if (self == 0) places.push_back({"/run/nslaunch", self});
  places.push_back({fallback(self), self});
  return places;
}

/// Calls visit(user) for every entry of `folder` that is `prefix` and a user's number, as nslaunch writes it.
template <typename Visit>
void each_user(const char* folder, std::string_view prefix, Visit visit) {
  const std::unique_ptr<DIR, int (*)(DIR*)> listing(::opendir(folder), ::closedir);
  if (!listing) return;
  while (const dirent* entry = ::readdir(listing.get())) {
    std::string_view name = entry->d_name;
    if (!name.starts_with(prefix)) continue;
    name.remove_prefix(prefix.size());
    uid_t user = 0;
    const auto error = std::from_chars(name.data(), name.data() + name.size(), user).ec;
    if (error == std::errc{} && name == std::to_string(user)) visit(user);
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

std::vector<Place> other_users_places() {
  std::vector<Place> places;
  if (::geteuid() != 0 || !variable("NSLAUNCH_STATE_DIR").empty()) return places;
  each_user("/run/user", "", [&](uid_t user) { places.push_back({login_dir(user) + "/nslaunch", user}); });
  each_user("/tmp", "nslaunch-", [&](uid_t user) { places.push_back({fallback(user), user}); });
  std::erase_if(places, [](const Place& place) { return place.owner == 0; });
  return places;
}

}  // namespace nslaunch::registry
