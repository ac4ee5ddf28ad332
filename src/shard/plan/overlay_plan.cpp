#include "shard/plan/overlay_plan.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <utility>
#include <vector>

#include "inspect/snapshot/mounts.hpp"
#include "shard/plan/hidden.hpp"
#include "shard/plan/overlay_places.hpp"
#include "shard/plan/users_directory.hpp"
#include "sys/base/check.hpp"
#include "sys/base/text.hpp"
#include "sys/files/for_user.hpp"
#include "sys/process/as_user.hpp"

namespace nslaunch::shard {
namespace {

namespace fs = std::filesystem;

/// K36: overlayfs shows what lies below a mount instead of what is mounted, and fails for a process that must
/// not see it.
void check_mounts_below(const OverlaySpec& overlay, const Plan& plan) {
  const auto is_covered_by = [&](const std::string& mount, const std::string& other) {
    return other != overlay.path && lies_in(other, overlay.path) && lies_in(mount, other);
  };
  for (const auto& mount : inspect::mount_points()) {
    if (mount == overlay.path || !lies_in(mount, overlay.path)) continue;
    const auto& overlays = plan.spec.overlays;
    const bool is_covered =
        std::any_of(overlays.begin(), overlays.end(),
                    [&](const OverlaySpec& other) { return is_covered_by(mount, other.path); }) ||
        std::any_of(plan.private_paths.begin(), plan.private_paths.end(),
                    [&](const std::string& other) { return is_covered_by(mount, other); });
    const bool may_look_below =
        plan.privilege_mode != PrivilegeMode::kRootless && other_user(plan.spec) == nullptr;
    if (is_covered && may_look_below) continue;
    refuse_overlay(overlay, fmt::format("{} is mounted below it, and would be missing", sys::escape(mount)),
                   may_look_below ? "Cover that, too (--overlay or --private), or a directory without mounts."
                                  : "Name a directory without mounts; only root's own views can cover both.");
  }
}

void check_keeping_directory(const OverlaySpec& overlay, bool is_empty) {
  const auto mounts = inspect::mount_points();
  if (std::find(mounts.begin(), mounts.end(), overlay.keep) != mounts.end()) {
    refuse_overlay(overlay, "the directory for the changes is a mount point", "Name a directory below it.");
  }
  if (!is_empty) {
    refuse_overlay(overlay, "the directory for the changes is not empty",
                   "Name a new one: what is in it would pass for changes.");
  }
}

/// Before anything is created, with the caller's own rights.
void check_keeping_directory(const OverlaySpec& overlay) {
  std::error_code error;
  if (!fs::exists(overlay.keep, error) && !error) return;
  if (!error && !fs::is_directory(overlay.keep, error) && !error) {
    error = std::make_error_code(std::errc::not_a_directory);
  }
  const bool is_empty = error || fs::is_empty(overlay.keep, error);
  if (error) {
    refuse_overlay(overlay, "the directory for the changes: " + error.message(),
                   "Name an empty directory, or one that can be made.");
  }
  check_keeping_directory(overlay, is_empty);
}

/// Neither a covered directory nor one that keeps changes may be changed by an overlay.
void check_apart(const OverlaySpec& overlay, const Plan& plan) {
  const auto& all = plan.spec.overlays;
  for (const auto& other : all) {
    if (&other == &overlay) continue;
    if (other.path == overlay.path) refuse_overlay(overlay, "it is given twice", "Once is enough.");
    if (overlay.keep.empty() || other.keep.empty() || !lies_in(overlay.keep, other.keep)) continue;
    refuse_overlay(overlay, "another --overlay keeps its changes there", "Name a directory for each.");
  }
  const auto has_it = [&](const OverlaySpec& other) { return lies_in(overlay.keep, other.path); };
  if (!overlay.keep.empty() && std::any_of(all.begin(), all.end(), has_it)) {
    refuse_overlay(overlay, "the directory for the changes lies in what is covered",
                   "Name a directory outside, for example: --overlay .=../changes");
  }
}

/// Results must be in this directory afterwards, so no overlay may keep them to itself. `path` has no links.
void show_through(Plan& plan, const char* option, const std::string& path, const sys::Directory& directory) {
  if (path.empty()) return;
  const auto& overlays = plan.spec.overlays;
  const auto is_in = [&](const OverlaySpec& overlay) { return lies_in(path, overlay.path); };
  const auto clashes = [&](const OverlaySpec& overlay) {
    const bool would_be_hidden = lies_in(overlay.path, path);
    return would_be_hidden || (!overlay.keep.empty() && lies_in(path, overlay.keep));
  };
  const bool is_covered = std::any_of(overlays.begin(), overlays.end(), is_in);
  const auto clash = std::find_if(overlays.begin(), overlays.end(), clashes);
  if (clash != overlays.end() && (is_covered || lies_in(path, clash->keep))) {
    refuse_overlay(*clash, fmt::format("{} needs that directory as it is", option),
                   "Name another one for either.");
  }
  const auto shows_it = [&](const ShownThrough& other) { return lies_in(path, other.path); };
  if (is_covered && std::ranges::none_of(plan.shown_through, shows_it))
    plan.shown_through.push_back({path, directory.fd()});
}

/// As its owner: any user who may read a directory may hold its lock for any length of time (K66).
bool is_empty(const sys::Directory& directory, bool is_for_user) {
  constexpr std::chrono::seconds kLimit{10};
  const auto roots = is_for_user ? sys::RootsWork::kInChild : sys::RootsWork::kHere;
  const auto look = [&] { return directory.is_empty() ? 0 : ENOTEMPTY; };
  const int error = sys::as_owner_of(directory.fd(), kLimit, look, {}, roots);
  if (error != 0 && error != ENOTEMPTY)
    throw Error(sys::errno_code(error), "looking whether the directory for an overlay's changes is empty");
  return error == 0;
}

void prepare_keeping(Plan& plan, std::size_t at, const sys::BeforeMaking& before_making) {
  auto& overlay = plan.spec.overlays[at];
  const auto* user = other_user(plan.spec);
  auto [directory, is_roots] = make_keeping_directory(plan, at);
  check_keeping_directory(overlay, is_empty(directory, user != nullptr));
  if (user != nullptr && directory.status().st_uid != user->uid)
    sys::give_directory(directory, user->uid, user->gid);
  plan.overlay_work[at] = WorkDirectory(directory, fmt::format(".nslaunch-{}-{}.work", plan.spec.id, at),
                                        before_making, {.user = user, .is_in_roots_place = is_roots});
  plan.places.keeping[at] = std::move(directory);
}

/// An overlay, and the directory that it covers.
struct Covering {
  OverlaySpec overlay;
  sys::Directory directory;
  bool is_ours;
};

Covering cover(OverlaySpec overlay, const Plan& plan) {
  const auto named = fs::path(plan.working_directory) / overlay.path;
  auto directory = open_covered(overlay, plan);
  const bool is_ours = !overlay.keep.empty() && is_our_choice(named, directory);
  return {std::move(overlay), std::move(directory), is_ours};
}

/// Sorts each directory before those below it, together with its descriptor.
void sort_overlays(Plan& plan) {
  std::vector<Covering> all;
  for (auto& overlay : plan.spec.overlays) all.push_back(cover(std::move(overlay), plan));
  std::ranges::sort(all, {}, [](const Covering& each) { return each.overlay.path; });
  plan.spec.overlays.clear();
  for (auto& [overlay, directory, is_ours] : all) {
    plan.spec.overlays.push_back(std::move(overlay));
    plan.places.covered.push_back(std::move(directory));
    plan.places.covered_is_ours.push_back(is_ours);
  }
}

}  // namespace

void check_overlays(Plan& plan) {
  auto& overlays = plan.spec.overlays;
  sort_overlays(plan);
  std::vector<std::string> named;
  for (auto& overlay : overlays) {
    named.push_back(overlay.keep.empty() ? "" : named_place_to_keep(overlay, plan));
    if (!overlay.keep.empty()) overlay.keep = place_to_keep(overlay, plan);
  }
  for (const auto& overlay : overlays) {
    check_apart(overlay, plan);
    if (!overlay.keep.empty() && other_user(plan.spec) == nullptr) check_keeping_directory(overlay);
    check_mounts_below(overlay, plan);
  }
  // Where its links lead when the directory is made is for the kernel to say again.
  for (std::size_t at = 0; at < overlays.size(); ++at) {
    if (other_user(plan.spec) == nullptr) overlays[at].keep = std::move(named[at]);
  }
}

void make_overlay_directories(Plan& plan, const sys::BeforeMaking& before_making) {
  if (plan.spec.overlays.empty()) return;
  const auto count = plan.spec.overlays.size();
  plan.places.keeping.resize(count);
  plan.overlay_work.resize(count);
  for (std::size_t at = 0; at < count; ++at) {
    if (!plan.spec.overlays[at].keep.empty()) prepare_keeping(plan, at, before_making);
  }
  // Another user's links may have led elsewhere than the names suggest.
  for (const auto& overlay : plan.spec.overlays) check_apart(overlay, plan);
  show_through(plan, "--artifacts", plan.spec.artifacts, plan.artifacts);
  show_through(plan, "--tmp", plan.spec.tmp == TmpMode::kDirectory ? plan.spec.tmp_directory : "",
               plan.places.tmp);
}

}  // namespace nslaunch::shard
