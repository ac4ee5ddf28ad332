#include "shard/init/overlay_step.hpp"

#include <sys/mount.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>

#include "ns/mount.hpp"
#include "ns/overlay.hpp"
#include "ns/users_mounts.hpp"
#include "shard/plan/hidden.hpp"
#include "shard/plan/users_directory.hpp"
#include "sys/base/check.hpp"
#include "sys/files/directory.hpp"

namespace nslaunch::shard {
namespace {

constexpr std::chrono::seconds kMountLimit{10};  // as for what else is done as a user

/// The directories of one --overlay, opened in the mount namespace in which its view is made.
struct Layers {
  sys::Directory lower;
  sys::Directory kept{};  ///< nothing where no changes are kept
  sys::Directory work{};
};

Layers open_layers(const Plan& plan, std::size_t at) {
  const auto& overlay = plan.spec.overlays[at];
  Layers layers{.lower =
                    sys::Directory(reopen_in_shard(plan.spec, overlay.path, plan.places.covered[at].fd()))};
  if (overlay.keep.empty()) return layers;
  layers.kept = sys::Directory(reopen_in_shard(plan.spec, overlay.keep, plan.places.keeping[at].fd()));
  // Beside it: its own place may be another by now.
  const auto& work_directory = plan.overlay_work[at];
  const auto beside = layers.kept.parent().open_below(work_directory.name());
  if (!sys::is_same(beside.fd(), work_directory.directory().fd()))
    throw Error(sys::errno_code(ESTALE), "finding the directory that overlayfs works in again");
  layers.work = beside.open_below(WorkDirectory::kWork);
  return layers;
}

/// `below` is where the tmpfs for changes that nobody keeps is mounted, which has no name of its own.
sys::Fd make_view(const Layers& layers, const sys::Directory& below) {
  if (layers.kept)
    return ns::make_view({layers.lower.fd(), layers.kept.fd(), layers.work.fd()}, ns::Changes::kKept);
  const sys::Directory changes(
      ns::make_mount("tmpfs", {{"mode", "0700"}}, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV));
  ns::attach(changes.fd(), below);
  const auto upper = changes.make("upper", 0700);
  const auto work = changes.make("work", 0700);
  return ns::make_view({layers.lower.fd(), upper.fd(), work.fd()}, ns::Changes::kPass);
}

/// By that user, who sees and changes in it what he could anyway.
sys::Fd make_view_as(const UserIds& user, const Plan& plan, std::size_t at) {
  Layers layers;
  const auto work = [&] {
    sys::Answer made;
    try {
      made.descriptors.push_back(make_view(layers, layers.lower));
    } catch (const Error& error) {
      made.text = std::to_string(error.code().value());
    }
    return made;
  };
  const auto& places = plan.places;
  const auto open = [&] {
    layers = open_layers(plan, at);
    if (layers.lower.status().st_uid != user.uid)
      throw Error(sys::errno_code(ESTALE), "finding a directory of the user's again");
  };
  auto made = ns::mount_as_user(
      user.uid, user.gid, {user.groups.begin(), user.groups.end()}, kMountLimit,
      {places.covered[at].fd(), places.keeping[at].fd(), plan.overlay_work[at].directory().fd()}, open, work);
  if (!made.descriptors.empty()) return std::move(made.descriptors.front());
  throw Error(sys::errno_code(std::atoi(made.text.c_str())), fmt::format("mounting as user {}", user.uid));
}

/// What is below is not mounted on again but shown by the view above it, where there is one by now.
sys::Directory target_of(const Building& building, std::size_t at) {
  const auto& plan = building.plan;
  const auto& overlays = plan.spec.overlays;
  const auto& path = overlays[at].path;
  const auto is_above = [&](const OverlaySpec& other) {
    return other.path != path && lies_in(path, other.path);
  };
  const bool is_in_view = std::any_of(overlays.begin(), overlays.end(), is_above);
  return sys::Directory(is_in_view ? open_in_view(plan.spec, path, building.views)
                                   : reopen_in_shard(plan.spec, path, plan.places.covered[at].fd()));
}

}  // namespace

void mount_overlays(Building& building) {
  const auto& plan = building.plan;
  const auto* user = other_user(plan.spec);
  // All before the first is mounted, which would cover what the next is to show.
  std::vector<Layers> layers;
  std::vector<sys::Fd> views;
  for (std::size_t at = 0; at < plan.spec.overlays.size(); ++at, ++building.detail) {
    if (user == nullptr) layers.push_back(open_layers(plan, at));
    if (user != nullptr) views.push_back(make_view_as(*user, plan, at));
  }
  std::vector<sys::Fd> shown;
  for (const auto& each : plan.shown_through)
    shown.push_back(reopen_in_shard(plan.spec, each.path, each.outside));
  building.detail = 0;
  while (building.detail < static_cast<int>(plan.spec.overlays.size())) {
    const auto at = static_cast<std::size_t>(building.detail);
    const auto target = target_of(building, at);
    if (user == nullptr) views.push_back(make_view(layers[at], target));
    const int view = views[at].get();
    mount_on_users(plan.spec, {view, target.fd()}, [&] { ns::attach(view, target); });
    building.views.push_back(building.mounts.watch(view));
    ++building.detail;
  }
  for (std::size_t at = 0; at < shown.size(); ++at) {
    const auto place = open_in_view(plan.spec, plan.shown_through[at].path, building.views);
    mount_on_users(plan.spec, {shown[at].get(), place.get()},
                   [&] { ns::bind(shown[at].get(), place.get()); });
  }
}

}  // namespace nslaunch::shard
