#include "shard/plan/users_directory.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <filesystem>

#include "sys/base/check.hpp"
#include "sys/base/files.hpp"
#include "sys/base/text.hpp"
#include "sys/files/mounter.hpp"
#include "sys/process/as_user.hpp"

namespace nslaunch {

const UserIds* other_user(const ShardSpec& spec) noexcept {
  return spec.user && spec.user->uid != ::geteuid() ? &*spec.user : nullptr;
}

namespace shard {
namespace {

constexpr std::chrono::seconds kLimit{10};  // the user may stop the child, or a file server may be dead

[[noreturn]] void refuse(const sys::FoundForUser& found, const std::string& path, uid_t user,
                         const DirectoryWords& words) {
  const auto shown = sys::escape(path);
  if (!found.owner || *found.owner == user) {
    throw Error(sys::errno_code(found.error),
                fmt::format("making {} for {} as user {}", shown, words.option, user), words.advice);
  }
  throw Error(sys::errno_code(found.error),
              fmt::format("using {} for {}: it belongs to user {}, and not to {}", shown, words.option,
                          *found.owner, user),
              "Name a directory of that user's, or one that is missing; or see who has put a link there.");
}

sys::FoundForUser find(const sys::Wanted& wanted, const UserIds& user) {
  auto found = sys::find_for_user(wanted, user.uid, user.gid, {user.groups.begin(), user.groups.end()});
  if (!found.is_anothers) return found;
  throw UsageError(
      fmt::format("{} lies on a file system that another user has mounted", sys::escape(wanted.path)),
      "Root can't use it for a user: its program (FUSE) could keep root waiting. Name a directory "
      "elsewhere.");
}

/// The restrictions of its mount, of ST_NOSUID, ST_NODEV and ST_NOEXEC.
unsigned long restrictions_of(int file) {
  struct statvfs status = {};
  sys::check(::fstatvfs(file, &status), "looking at a mount");
  return status.f_flag & (ST_NOSUID | ST_NODEV | ST_NOEXEC);
}

/// Looks up a path through directories whose lock another user may hold (K66). Empty if it does not exist.
sys::Fd look_up_in_child(const std::string& path, uid_t whose) {
  return sys::open_in_child(whose, kLimit, [&] {
    try {
      return sys::open_path_without_links(path, sys::Ways::kAskNobody);
    } catch (const Error& error) {
      errno = error.code().value();
      return sys::Fd();
    }
  });
}

UsersDirectory make_directory(const ShardSpec& spec, const sys::Wanted& wanted, const DirectoryWords& words) {
  if (const auto* user = other_user(spec)) {
    auto found = find(wanted, *user);
    if (!found.place) refuse(found, wanted.path, user->uid, words);
    return {sys::Directory(std::move(found.place)), found.is_roots};
  }
  try {
    return {sys::Directory::open_or_make(wanted.path, *wanted.make)};
  } catch (const Error& error) {
    throw Error(error.code(), fmt::format("making {} for {}", sys::escape(wanted.path), words.option),
                words.advice);
  }
}

}  // namespace

UsersDirectory make_users_directory(const ShardSpec& spec, const std::string& path, mode_t mode,
                                    const DirectoryWords& words, std::size_t names_of_list) {
  return make_directory(spec, {.path = path, .make = mode, .writable = true, .made_names = names_of_list},
                        words);
}

sys::Directory make_private_directory(const ShardSpec& spec, const std::string& path,
                                      sys::RootsPart roots_part) {
  constexpr mode_t kPrivateMode = 0700;
  constexpr DirectoryWords kWords = {
      "--private", "--private takes a directory; make it, or choose one in a place you can write to."};
  const sys::Wanted wanted{.path = path,
                           .make = kPrivateMode,
                           .writable = true,
                           .roots_part = roots_part,
                           .is_named_by_root = true};
  return make_directory(spec, wanted, kWords).directory;
}

sys::Directory open_tmp_directory(const ShardSpec& spec, const std::string& path) {
  const auto* user = other_user(spec);
  if (user == nullptr) {
    try {
      return sys::Directory::open(path);
    } catch (const Error& error) {
      throw UsageError(fmt::format("--tmp {}: {}", sys::escape(path), error.code().message()),
                       "It takes a directory that is there; leave the option out for a private /tmp.");
    }
  }
  auto found = find({.path = path, .writable = true, .is_named_by_root = true}, *user);
  if (found.place) return sys::Directory(std::move(found.place));
  throw Error(
      sys::errno_code(found.error),
      fmt::format("opening {} for --tmp as user {}", sys::escape(path), user->uid),
      "It takes a directory of that user's, or one that the user can write to and to which no link of "
      "the user's leads.");
}

sys::Fd open_for_command(const ShardSpec& spec, const std::string& path) {
  const auto* user = other_user(spec);
  if (user == nullptr && spec.user) {
    // This may be that user's child, which must find what its parent opens afterwards.
    auto place = sys::open_without_magic_links(path, O_PATH);
    sys::check(place.get(), "opening {}", path);
    return place;
  }
  if (user == nullptr) return sys::open_file(path, O_PATH);
  auto found = find({.path = path, .roots_part = sys::RootsPart::kNone}, *user);
  if (found.place) return std::move(found.place);
  throw Error(sys::errno_code(found.error),
              fmt::format("opening {} as user {}", sys::escape(path), user->uid),
              "The command could not reach it: name something that this user can.");
}

bool is_reachable(const ShardSpec& spec, const std::string& path) {
  try {
    open_for_command(spec, path);
    return true;
  } catch (const Error&) {
    return false;
  }
}

std::string look_as_user(const ShardSpec& spec, const std::function<std::string()>& look) {
  const auto* user = other_user(spec);
  if (user == nullptr) return look();
  return sys::as_user(
             user->uid, user->gid, {user->groups.begin(), user->groups.end()}, kLimit,
             [&] { return sys::Answer{look()}; }, sys::Signals::kEndIt)
      .text;
}

sys::Fd open_as_other_user(const UserIds& user, int directory, const std::function<sys::Fd()>& open) {
  const auto work = [&]() -> sys::Answer {
    sys::Answer opened;
    try {
      opened.descriptors.push_back(open());
      return opened;
    } catch (const Error& error) {
      return sys::Answer::of_error(error.code().value());
    }
  };
  auto answer = sys::as_user(user.uid, user.gid, {user.groups.begin(), user.groups.end()}, kLimit, work,
                             sys::Signals::kWait, {directory});
  if (!answer.descriptors.empty()) return std::move(answer.descriptors.front());
  throw Error(sys::errno_code(answer.error()), fmt::format("working as user {}", user.uid));
}

std::string path_of(const ShardSpec& spec, int place) {
  const auto* user = other_user(spec);
  if (user == nullptr) return sys::path_of(place);
  // The path is looked up name by name, and another user may hold a directory's lock (K66).
  const auto look = [&] { return sys::Answer{sys::path_of(place)}; };
  const auto path = sys::as_user(user->uid, user->gid, {user->groups.begin(), user->groups.end()}, kLimit,
                                 look, sys::Signals::kEndIt, {place})
                        .text;
  return path.empty() ? sys::in_child(user->uid, kLimit, look, sys::Signals::kEndIt, {place}).text : path;
}

std::string path_without_links(const ShardSpec& spec, int place, const std::string& asked) {
  if (auto path = path_of(spec, place); !path.empty()) return path;
  // With a /proc, this means that it no longer has a path: links that its user has created since are not
  // followed.
  if (::access("/proc/self/fd", F_OK) == 0) return asked;
  std::error_code ignored;
  const auto path = std::filesystem::canonical(asked, ignored);
  return path.empty() ? asked : path.string();
}

mode_t mode_of_results() noexcept {
  const mode_t mask = ::umask(0);
  ::umask(mask);
  return 0777 & ~mask;
}

sys::Fd make_result(const ShardSpec& spec, const sys::Directory& directory, const std::string& name) {
  const auto make = [&] { return directory.make_file(name, 0666); };
  const auto* user = other_user(spec);
  return user == nullptr ? make() : open_as_other_user(*user, directory.fd(), make);
}

sys::Fd reopen_in_shard(const ShardSpec& spec, const std::string& path, int outside) {
  const auto* user = other_user(spec);
  auto inside = user == nullptr ? sys::open_path_without_links(path) : look_up_in_child(path, user->uid);
  const bool is_same = inside && sys::is_same(inside.get(), outside) &&
                       restrictions_of(inside.get()) == restrictions_of(outside);
  if (!is_same) throw Error(sys::errno_code(ESTALE), fmt::format("finding {} again", sys::escape(path)));
  return inside;
}

void mount_on_users(const ShardSpec& spec, const std::vector<int>& used, const std::function<void()>& mount) {
  const auto* user = other_user(spec);
  if (user == nullptr) return mount();
  const auto work = [&] {
    try {
      mount();
      return sys::Answer::of_error(0);
    } catch (const Error& error) {
      return sys::Answer::of_error(error.code().value());
    }
  };
  const auto answer = sys::in_child(user->uid, kLimit, work, sys::Signals::kWait, used);
  if (const int error = answer.error(); error != 0)
    throw Error(sys::errno_code(error), "mounting over a directory");
}

sys::Fd open_in_view(const ShardSpec& spec, const std::string& path,
                     const std::vector<std::uint64_t>& views) {
  const auto* user = other_user(spec);
  if (user == nullptr) return sys::open_path_without_links(path);
  auto place = open_as_other_user(*user, -1, [&] { return sys::open_path_without_links(path); });
  const auto mount = sys::mount_id_of(place.get());
  if (mount && std::ranges::find(views, *mount) != views.end()) return place;
  throw Error(sys::errno_code(ESTALE), fmt::format("finding {} again", sys::escape(path)));
}

}  // namespace shard
}  // namespace nslaunch
