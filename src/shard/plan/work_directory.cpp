#include "shard/plan/work_directory.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>

#include "shard/plan/users_directory.hpp"
#include "sys/base/check.hpp"
#include "sys/base/text.hpp"
#include "sys/process/as_user.hpp"

namespace nslaunch::shard {

namespace {

constexpr std::chrono::seconds kRemovalLimit{3};  // a user may add to it forever, or stop the child

/// In a child, since a user may hold the lock of `place` for any length of time (K66).
sys::Directory make_as(const UserIds* user, const sys::Directory& place, const std::string& name) {
  constexpr mode_t kPrivateMode = 0700;
  if (user == nullptr) return place.make(name, kPrivateMode);
  const auto make = [&] {
    const auto directory = place.make(name, kPrivateMode);
    return sys::Fd(sys::check(::fcntl(directory.fd(), F_DUPFD_CLOEXEC, 0), "keeping a directory"));
  };
  return sys::Directory(open_as_other_user(*user, place.fd(), make));
}

/// Whether no other user can rename or replace what root creates there.
bool keeps_names_of_roots(const struct stat& place) {
  return place.st_uid == 0 && ((place.st_mode & 022) == 0 || (place.st_mode & S_ISVTX) != 0);
}

}  // namespace

WorkDirectory::WorkDirectory(const sys::Directory& keeping, std::string name,
                             const sys::BeforeMaking& before_making, const For& whom)
    : name_(std::move(name)), is_for_user_(whom.user != nullptr) {
  const UserIds oneself{::geteuid(), ::getegid(), {}};
  try {
    place_ = keeping.parent();
    // The user may have moved the directory since it was found, because it now belongs to that user.
    const bool is_roots = whom.is_in_roots_place && is_for_user_ && keeps_names_of_roots(place_.status());
    const auto* maker = is_roots ? &oneself : whom.user;
    is_in_anothers_ = is_for_user_ && !is_roots && place_.status().st_uid != whom.user->uid;
    if (before_making) is_noted_ = before_making(place_.fd(), name_);
    directory_ = make_as(maker, place_, name_);
    // It stays empty until its identity is noted: no other directory is removed for its name alone.
    if (before_making) before_making(directory_.fd(), {});
    const auto work = make_as(maker, directory_, kWork);
    if (is_roots) work.set_owner(whom.user->uid, whom.user->gid);  // the user can't reach it yet
  } catch (const Error& error) {
    throw Error(error.code(), fmt::format("making {}, which overlayfs works in", sys::escape(name_)),
                "It lies beside the directory that keeps the changes: choose that one where you can write.");
  }
}

WorkDirectory& WorkDirectory::operator=(WorkDirectory&& other) noexcept {
  if (this == &other) return *this;
  remove();
  name_ = std::move(other.name_);
  is_noted_ = other.is_noted_;
  is_for_user_ = other.is_for_user_;
  is_in_anothers_ = other.is_in_anothers_;
  place_ = std::move(other.place_);
  directory_ = std::move(other.directory_);
  return *this;
}

void WorkDirectory::add_descriptors(std::vector<int>& all) const {
  all.insert(all.end(), {place_.fd(), directory_.fd()});
}

void WorkDirectory::remove() noexcept {
  if (!directory_) return;
  const auto remove = [this] {
    directory_.remove_contents();
    place_.remove(name_, directory_);
    return 0;
  };
  const auto roots = is_for_user_ ? sys::RootsWork::kInChild : sys::RootsWork::kHere;
  sys::as_owner_of(directory_.fd(), kRemovalLimit, remove, {place_.fd()}, roots);
  if (!is_in_anothers_) return;
  // It was created with a group's rights, which its owner does not have there.
  const auto remove_empty = [this] {
    place_.remove(name_, directory_);
    return 0;
  };
  sys::as_owner_of(place_.fd(), kRemovalLimit, remove_empty, {directory_.fd()}, roots);
}

}  // namespace nslaunch::shard
