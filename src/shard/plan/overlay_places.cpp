#include "shard/plan/overlay_places.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "ns/overlay.hpp"
#include "shard/plan/hidden.hpp"
#include "shard/plan/users_directory.hpp"
#include "sys/base/check.hpp"
#include "sys/base/text.hpp"
#include "sys/files/access_lists.hpp"
#include "sys/files/for_user.hpp"

namespace nslaunch::shard {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void refuse_covered(const OverlaySpec& asked, const std::error_code& error) {
  const bool divided = error == std::errc::no_such_file_or_directory && !asked.keep.empty();
  refuse_overlay(
      asked, error.message(),
      divided ? "The last '=' ends the path of a directory that is there; where it has one itself, add "
                "another at its end."
              : "It takes a directory that is there.");
}

/// Its path without links. Another user may have substituted a directory of another mount namespace, where
/// the path refers to something else.
std::string path_here(const sys::Directory& directory, const std::string& asked, const Plan& plan) {
  if (other_user(plan.spec) == nullptr) return path_without_links(plan.spec, directory.fd(), asked);
  if (auto path = path_of(plan.spec, directory.fd()); !path.empty()) return path;
  throw Error(sys::errno_code(ESTALE), fmt::format("finding {} again", sys::escape(asked)));
}

/// A user's links are followed with that user's rights.
sys::Directory open_covered_as_user(const std::string& path, const Plan& plan) {
  sys::Directory directory(open_for_command(plan.spec, path));
  if (S_ISDIR(directory.status().st_mode)) return directory;
  throw Error(sys::errno_code(ENOTDIR), "looking at a directory");
}

}  // namespace

void refuse_overlay(const OverlaySpec& overlay, const std::string& why, const std::string& advice) {
  const auto keep = overlay.keep.empty() ? std::string() : "=" + overlay.keep;
  throw UsageError(fmt::format("--overlay {}: {}", sys::escape(overlay.path + keep), why), advice);
}

namespace {

/// The top of a view is modified as the user that the view is for, and the host's set-user-ID programs would
/// read it; in the other directory overlayfs works as that user.
void refuse_anothers(const OverlaySpec& overlay, const char* which, const sys::Directory& directory,
                     const Plan& plan) {
  const auto* user = other_user(plan.spec);
  const auto owner = directory.status().st_uid;
  if (user == nullptr || owner == user->uid) return;
  refuse_overlay(overlay, fmt::format("{} belongs to user {}, and not to {}", which, owner, user->uid),
                 "Name a directory of that user's: what is not his he can't change in a view either.");
}

}  // namespace

sys::Directory open_covered(OverlaySpec& overlay, const Plan& plan) {
  const std::string asked = fs::path(plan.working_directory) / overlay.path;
  sys::Directory directory;
  std::string path;
  try {
    directory = open_covered_as_user(asked, plan);
    path = path_here(directory, asked, plan);
  } catch (const UsageError&) {
    throw;
  } catch (const Error& error) {
    refuse_covered(overlay, error.code());
  }
  refuse_anothers(overlay, "it", directory, plan);
  if (path == "/") refuse_overlay(overlay, "the root itself can't be covered", "Name a directory below it.");
  refuse_hidden("--overlay", path, plan);
  overlay.path = std::move(path);
  return directory;
}

std::string named_place_to_keep(const OverlaySpec& overlay, const Plan& plan) {
  std::string path = fs::path(plan.working_directory) / overlay.keep;
  while (path.ends_with('/') && path.size() > 1) path.pop_back();
  return path;
}

std::string place_to_keep(const OverlaySpec& overlay, const Plan& plan) {
  const fs::path asked = named_place_to_keep(overlay, plan);
  std::error_code error;
  // Another user's links are followed only as that user, when the directory is created.
  const auto real = other_user(plan.spec) == nullptr ? fs::weakly_canonical(asked, error) : asked;
  if (error) refuse_overlay(overlay, error.message(), "Name an empty directory, or one that can be made.");
  std::string path = real.lexically_normal();
  if (path.ends_with('/') && path.size() > 1) path.pop_back();
  return path;
}

namespace {

constexpr const char* kKeepAdvice = "Name a directory where you can write, for what the command changes.";

struct Opened {
  sys::Directory directory;
  bool is_new;
};

/// The kernel follows links here: it protects from those in a sticky directory.
Opened open_or_make(const std::string& named) try {
  const sys::Fd there(::open(named.c_str(), O_PATH | O_CLOEXEC));
  if (there || errno != ENOENT) return {sys::Directory::open(named), false};
  const fs::path path = named;
  const auto above = sys::Directory::open_or_make(path.parent_path(), mode_of_results());
  return {above.make(path.filename(), 0700), true};
} catch (const Error& error) {
  throw Error(error.code(), fmt::format("making {} for --overlay", sys::escape(named)), kKeepAdvice);
}

/// Whoever the directory above belongs to may have it hand down a group and access control lists.
void keep_to_ourselves(const sys::Directory& directory) {
  directory.set_owner(static_cast<uid_t>(-1), ::getegid());
  if (!sys::drop_access_lists(directory)) sys::check(-1, "dropping inherited access control lists");
  directory.set_mode(0700);
}

}  // namespace

bool is_our_choice(const std::string& path, const sys::Directory& directory) {
  if (::geteuid() != 0) return true;
  const auto found = sys::find_on_roots_way(path);
  return found && sys::is_same(found.get(), directory.fd());
}

namespace {

sys::Directory make_own(const OverlaySpec& overlay, const sys::Directory& covered, bool covered_is_ours) {
  auto [directory, is_new] = open_or_make(overlay.keep);
  const bool is_ours = is_our_choice(overlay.keep, directory);
  if (!is_new && !is_ours) {
    refuse_overlay(overlay, "the directory for the changes is there, and somebody else may have put it there",
                   "Name a new one, or one where all directories above it are root's.");
  }
  if (is_ours && covered_is_ours && directory.is_empty()) {
    ns::make_alike_for_good(directory, covered);
  } else if (is_new) {
    keep_to_ourselves(directory);
  }
  return std::move(directory);
}

UsersDirectory make_for_user(const OverlaySpec& overlay, const Plan& plan) {
  auto keeping = make_users_directory(plan.spec, overlay.keep, mode_of_results(), {"--overlay", kKeepAdvice},
                                      overlay.names_of_list);
  // A directory of root's is given to the user, empty; a third user's stays that user's, whichever user names
  // it.
  const bool is_given = keeping.is_roots && keeping.directory.status().st_uid == 0;
  if (!is_given) refuse_anothers(overlay, "the directory for the changes", keeping.directory, plan);
  return keeping;
}

}  // namespace

UsersDirectory make_keeping_directory(Plan& plan, std::size_t at) {
  auto& overlay = plan.spec.overlays[at];
  const auto& places = plan.places;
  auto keeping = other_user(plan.spec) == nullptr
                     ? UsersDirectory{make_own(overlay, places.covered[at], places.covered_is_ours[at])}
                     : make_for_user(overlay, plan);
  overlay.keep = path_here(keeping.directory, overlay.keep, plan);
  return keeping;
}

}  // namespace nslaunch::shard
