#include "shard/overlay_step.hpp"

#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "ns/mount.hpp"
#include "ns/overlay.hpp"
#include "shard/hidden.hpp"
#include "shard/users_folder.hpp"
#include "sys/check.hpp"
#include "sys/directory.hpp"

namespace nslaunch::shard {
namespace {

/// What has just been mounted over `covered`: not what somebody has put where its name leads.
sys::Directory root_of_own_tmpfs(const std::string& path, const sys::Directory& covered) {
  auto root = sys::Directory::open_without_links(path);
  struct statfs filesystem = {};
  sys::check(::fstatfs(root.fd(), &filesystem), "looking at a tmpfs");
  const auto status = root.status();
  const bool is_own = filesystem.f_type == TMPFS_MAGIC && status.st_uid == ::geteuid() &&
                      (status.st_mode & 07777) == 0700 && status.st_dev != covered.status().st_dev;
  if (is_own && root.is_empty()) return root;
  throw Error(sys::errno_code(ESTALE), fmt::format("finding {} again", path));
}

/// The changes have no name: their tmpfs lies below the view.
void mount_passing(const sys::Directory& lower, const sys::Directory& target, const std::string& path,
                   bool verified) {
  ns::mount_tmpfs(sys::descriptor_path(target.fd()), 0700, 0);
  const auto root = root_of_own_tmpfs(path, target);
  const auto upper = root.make("upper", 0700);
  const auto work = root.make("work", 0700);
  ns::mount_overlay({lower.fd(), upper.fd(), work.fd()}, target, {.readable = false, .verified = verified});
}

void mount_keeping(const sys::Directory& lower, const sys::Directory& target, const Plan& plan,
                   std::size_t at) {
  const auto& overlay = plan.spec.overlays[at];
  const auto& keeping = plan.places.keeping[at];
  const auto& work_folder = plan.overlay_work[at];
  const sys::Directory kept(reopen_in_shard(overlay.keep, keeping.fd()));
  // Beside it: its own place may be another by now.
  const auto beside = kept.parent().open_below(work_folder.name());
  if (!sys::is_same(beside.fd(), work_folder.folder().fd()))
    throw Error(sys::errno_code(ESTALE), "finding the folder that overlayfs works in again");
  if (!work_folder.holds_changes())
    return ns::mount_overlay({lower.fd(), kept.fd(), beside.fd()}, target,
                             {.readable = true, .verified = false});
  // Else they could not take its place at the end.
  if (!kept.is_empty()) throw Error(sys::errno_code(ESTALE), "finding the folder for the changes empty");
  const auto upper = beside.make(sys::kUpperLayer, 0700);
  const auto work = beside.make(WorkFolder::kWork, 0700);
  ns::mount_overlay({lower.fd(), upper.fd(), work.fd()}, target, {.readable = true, .verified = true});
}

/// What is below is not mounted on again but shown by the view above it, where there is one by now.
sys::Directory target_of(const Plan& plan, std::size_t at, const sys::Directory& lower) {
  const auto& overlays = plan.spec.overlays;
  const auto& path = overlays[at].path;
  const auto is_above = [&](const OverlaySpec& other) {
    return other.path != path && lies_in(path, other.path);
  };
  const bool is_in_view = std::any_of(overlays.begin(), overlays.end(), is_above);
  return sys::Directory(reopen_in_shard(path, is_in_view ? -1 : lower.fd()));
}

}  // namespace

void mount_overlays(Building& building) {
  const auto& plan = building.plan;
  const auto& places = plan.places;
  std::vector<sys::Directory> lower;
  std::vector<sys::Directory> shown;
  for (const auto& overlay : plan.spec.overlays) {
    lower.emplace_back(reopen_in_shard(overlay.path, places.covered[lower.size()].fd()));
    ++building.detail;
  }
  for (const auto& path : plan.shown_through) shown.push_back(sys::Directory::open_without_links(path));
  building.detail = 0;
  for (const auto& overlay : plan.spec.overlays) {
    const auto at = static_cast<std::size_t>(building.detail);
    const auto target = target_of(plan, at, lower[at]);
    if (overlay.keep.empty())
      mount_passing(lower[at], target, overlay.path, other_user(plan.spec) != nullptr);
    if (!overlay.keep.empty()) mount_keeping(lower[at], target, plan, at);
    building.mounts.watch(overlay.path);
    ++building.detail;
  }
  for (std::size_t at = 0; at < shown.size(); ++at) {
    const auto place = sys::Directory::open_without_links(plan.shown_through[at]);
    ns::bind(shown[at].fd(), place.fd());
  }
}

}  // namespace nslaunch::shard
