#include "shard/overlay_plan.hpp"

#include <algorithm>
#include <filesystem>

#include "inspect/mounts.hpp"
#include "shard/hidden.hpp"
#include "shard/users_folder.hpp"
#include "sys/check.hpp"
#include "sys/text.hpp"

namespace nslaunch::shard {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void refuse_overlay(const OverlaySpec& overlay, const std::string& why,
                                 const std::string& advice) {
  const auto keep = overlay.keep.empty() ? std::string() : "=" + overlay.keep;
  throw UsageError(fmt::format("--overlay {}: {}", sys::escape(overlay.path + keep), why), advice);
}

std::string covered_folder(const OverlaySpec& asked, const Plan& plan) {
  std::error_code error;
  const auto path = fs::canonical(fs::path(plan.working_directory) / asked.path, error);
  if (!error && !fs::is_directory(path, error) && !error) {
    error = std::make_error_code(std::errc::not_a_directory);
  }
  if (error) {
    const bool divided = error == std::errc::no_such_file_or_directory && !asked.keep.empty();
    refuse_overlay(asked, error.message(),
                   divided
                       ? "The last '=' ends the path of a folder that is there; where it has one itself, add "
                         "another at its end."
                       : "It takes a folder that is there.");
  }
  if (path == "/") refuse_overlay(asked, "the root itself can't be covered", "Name a folder below it.");
  refuse_hidden("--overlay", path, plan);
  return path;
}

/// K36: overlayfs shows what lies below a mount in the place of what is mounted, and refuses that to whoever
/// must not see it.
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
    const bool may_look_below = plan.rung != Rung::kRootless;
    if (is_covered && may_look_below) continue;
    refuse_overlay(overlay, fmt::format("{} is mounted below it, and would be missing", sys::escape(mount)),
                   may_look_below ? "Cover that, too (--overlay or --private), or a folder without mounts."
                                  : "Name a folder without mounts; only root can cover both.");
  }
}

std::string keeping_folder(const OverlaySpec& overlay, const Plan& plan) {
  std::error_code error;
  std::string path =
      fs::weakly_canonical(fs::path(plan.working_directory) / overlay.keep, error).lexically_normal();
  if (error) refuse_overlay(overlay, error.message(), "Name an empty folder, or one that can be made.");
  if (path.ends_with('/') && path.size() > 1) path.pop_back();
  return path;
}

void check_keeping_folder(const OverlaySpec& overlay, bool is_empty) {
  const auto mounts = inspect::mount_points();
  if (std::find(mounts.begin(), mounts.end(), overlay.keep) != mounts.end()) {
    refuse_overlay(overlay, "the folder for the changes is a mount point", "Name a folder below it.");
  }
  if (!is_empty) {
    refuse_overlay(overlay, "the folder for the changes is not empty",
                   "Name a new one: what is in it would pass for changes.");
  }
}

/// Before anything is made.
void check_keeping_folder(const OverlaySpec& overlay) {
  std::error_code error;
  if (!fs::exists(overlay.keep, error) && !error) return;
  if (!error && !fs::is_directory(overlay.keep, error) && !error) {
    error = std::make_error_code(std::errc::not_a_directory);
  }
  const bool is_empty = error || fs::is_empty(overlay.keep, error);
  if (error) {
    refuse_overlay(overlay, "the folder for the changes: " + error.message(),
                   "Name an empty folder, or one that can be made.");
  }
  check_keeping_folder(overlay, is_empty);
}

/// Neither a folder that is covered nor one that keeps changes may change by itself.
void check_apart(const OverlaySpec& overlay, const Plan& plan) {
  const auto& all = plan.spec.overlays;
  for (const auto& other : all) {
    if (&other == &overlay) continue;
    if (other.path == overlay.path) refuse_overlay(overlay, "it is given twice", "Once is enough.");
    if (overlay.keep.empty() || other.keep.empty() || !lies_in(overlay.keep, other.keep)) continue;
    refuse_overlay(overlay, "another --overlay keeps its changes there", "Name a folder for each.");
  }
  const auto has_it = [&](const OverlaySpec& other) { return lies_in(overlay.keep, other.path); };
  if (!overlay.keep.empty() && std::any_of(all.begin(), all.end(), has_it)) {
    refuse_overlay(overlay, "the folder for the changes lies in what is covered",
                   "Name a folder outside, for example: --overlay .=../changes");
  }
}

/// Something that is to be found in this folder afterwards: no overlay may keep it to itself.
void show_through(Plan& plan, const char* option, const std::string& path) {
  if (path.empty()) return;
  std::error_code ignored;
  const auto canonical = fs::canonical(path, ignored).string();
  const auto& overlays = plan.spec.overlays;
  const auto is_in = [&](const OverlaySpec& overlay) { return lies_in(canonical, overlay.path); };
  const auto clashes = [&](const OverlaySpec& overlay) {
    const bool would_be_hidden = lies_in(overlay.path, canonical);
    return would_be_hidden || (!overlay.keep.empty() && lies_in(canonical, overlay.keep));
  };
  const bool is_covered = std::any_of(overlays.begin(), overlays.end(), is_in);
  const auto clash = std::find_if(overlays.begin(), overlays.end(), clashes);
  if (clash != overlays.end() && (is_covered || lies_in(canonical, clash->keep))) {
    refuse_overlay(*clash, fmt::format("{} needs that folder as it is", option),
                   "Name another one for either.");
  }
  if (is_covered) plan.shown_through.push_back(canonical);
}

/// Its owner could put what he likes into a view of what is not his.
void check_owner(const OverlaySpec& overlay, const UsersFolder& keeping, const Plan& plan) {
  const auto* user = other_user(plan.spec);
  if (user == nullptr || keeping.is_roots) return;
  if (keeping.folder.status().st_uid != user->uid) {
    refuse_overlay(overlay, fmt::format("the folder for the changes does not belong to user {}", user->uid),
                   "Name one that is missing, or that user's own.");
  }
  if (plan.places.covered.back().status().st_uid == user->uid) return;
  refuse_overlay(
      overlay,
      fmt::format("user {} could change what is shown in the place of somebody else's folder", user->uid),
      "Keep the changes in a folder that lies where only root can write.");
}

void make_keeping_folder(OverlaySpec& overlay, Plan& plan, const sys::BeforeMaking& before_making) {
  constexpr const char* kAdvice = "Name a folder where you can write, for what the command changes.";
  auto keeping = make_users_folder(plan.spec, overlay.keep, mode_of_results(), {"--overlay", kAdvice});
  overlay.keep = path_without_links(keeping.folder.fd(), overlay.keep);
  check_keeping_folder(overlay, keeping.folder.is_empty());
  check_owner(overlay, keeping, plan);
  const auto number = plan.overlay_work.size() - 1;
  plan.overlay_work.back() =
      WorkFolder(keeping.folder, fmt::format(".nslaunch-{}-{}.work", plan.spec.id, number), before_making);
  plan.places.keeping.back() = std::move(keeping.folder);
}

}  // namespace

void check_overlays(Plan& plan) {
  auto& overlays = plan.spec.overlays;
  for (auto& overlay : overlays) overlay.path = covered_folder(overlay, plan);
  std::sort(overlays.begin(), overlays.end(),
            [](const OverlaySpec& a, const OverlaySpec& b) { return a.path < b.path; });
  for (auto& overlay : overlays) {
    if (!overlay.keep.empty()) overlay.keep = keeping_folder(overlay, plan);
  }
  for (const auto& overlay : overlays) {
    check_apart(overlay, plan);
    if (!overlay.keep.empty()) check_keeping_folder(overlay);
    check_mounts_below(overlay, plan);
  }
}

void make_overlay_folders(Plan& plan, const sys::BeforeMaking& before_making) {
  if (plan.spec.overlays.empty()) return;
  show_through(plan, "--artifacts", plan.spec.artifacts);
  show_through(plan, "--tmp", plan.spec.tmp == TmpMode::kDirectory ? plan.spec.tmp_directory : "");
  for (auto& overlay : plan.spec.overlays) {
    plan.places.covered.push_back(sys::Directory::open_without_links(overlay.path));
    plan.places.keeping.emplace_back();
    plan.overlay_work.emplace_back();
    if (!overlay.keep.empty()) make_keeping_folder(overlay, plan, before_making);
  }
}

}  // namespace nslaunch::shard
