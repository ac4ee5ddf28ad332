#include "shard/overlay_step.hpp"

#include <sys/stat.h>

#include "ns/mount.hpp"
#include "ns/overlay.hpp"
#include "sys/check.hpp"
#include "sys/files.hpp"

namespace nslaunch::shard {
namespace {

sys::Fd open_folder(const std::string& path) {
  return sys::open_file(path, O_PATH | O_DIRECTORY);
}

sys::Fd make_folder(const std::string& path) {
  sys::check(::mkdir(path.c_str(), 0700), "making {}", path);
  return open_folder(path);
}

/// The changes have no name: their tmpfs lies below the view.
void mount_passing(const sys::Fd& lower, const std::string& path) {
  ns::mount_tmpfs(path, 0700, 0);
  const auto upper = make_folder(path + "/upper");
  const auto work = make_folder(path + "/work");
  ns::mount_overlay({lower.get(), upper.get(), work.get()}, path, false);
}

void mount_keeping(const sys::Fd& lower, const OverlaySpec& overlay, const WorkFolder& work_folder) {
  const auto upper = open_folder(overlay.keep);
  const auto work = open_folder(work_folder.path());
  ns::mount_overlay({lower.get(), upper.get(), work.get()}, overlay.path, true);
}

}  // namespace

void mount_overlays(Building& building) {
  const auto& plan = building.plan;
  std::vector<sys::Fd> lower;
  std::vector<sys::Fd> shown;
  for (const auto& overlay : plan.spec.overlays) {
    lower.push_back(open_folder(overlay.path));
    ++building.detail;
  }
  for (const auto& path : plan.shown_through) shown.push_back(open_folder(path));
  building.detail = 0;
  for (const auto& overlay : plan.spec.overlays) {
    const auto at = static_cast<std::size_t>(building.detail);
    if (overlay.keep.empty()) mount_passing(lower[at], overlay.path);
    if (!overlay.keep.empty()) mount_keeping(lower[at], overlay, plan.overlay_work[at]);
    building.mounts.watch(overlay.path);
    ++building.detail;
  }
  for (std::size_t at = 0; at < shown.size(); ++at) ns::bind(shown[at].get(), plan.shown_through[at], true);
}

}  // namespace nslaunch::shard
