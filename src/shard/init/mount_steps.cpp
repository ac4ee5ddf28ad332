#include "shard/init/mount_steps.hpp"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <string_view>

#include "ns/mount.hpp"
#include "ns/overlay.hpp"
#include "ns/users_mounts.hpp"
#include "shard/plan/hidden.hpp"
#include "shard/plan/users_directory.hpp"
#include "sys/base/check.hpp"
#include "sys/base/files.hpp"
#include "sys/files/directory.hpp"

namespace nslaunch::shard {
namespace {

constexpr std::chrono::seconds kMountLimit{10};  // as for everything else that is done as a user

/// The directories of one --overlay, opened in the mount namespace in which its view is made.
struct Layers {
  sys::Directory lower;
  sys::Directory kept{};  ///< empty if no changes are kept
  sys::Directory work{};
};

Layers open_layers(const Plan& plan, std::size_t at) {
  const auto& overlay = plan.spec.overlays[at];
  Layers layers{.lower =
                    sys::Directory(reopen_in_shard(plan.spec, overlay.path, plan.places.covered[at].fd()))};
  if (overlay.keep.empty()) return layers;
  layers.kept = sys::Directory(reopen_in_shard(plan.spec, overlay.keep, plan.places.keeping[at].fd()));
  // Opened beside it: its own path may lead elsewhere by now.
  const auto& work_directory = plan.overlay_work[at];
  const auto beside = layers.kept.parent().open_below(work_directory.name());
  if (!sys::is_same(beside.fd(), work_directory.directory().fd()))
    throw Error(sys::errno_code(ESTALE), "finding the directory that overlayfs works in again");
  layers.work = beside.open_below(WorkDirectory::kWork);
  return layers;
}

/// `below`: where the tmpfs for changes that are not kept is mounted; it has no name of its own.
sys::Fd make_view(const Layers& layers, const sys::Directory& below) {
  if (layers.kept)
    return ns::make_view({layers.lower.fd(), layers.kept.fd(), layers.work.fd()}, ns::Changes::kKept);
  const sys::Directory changes(
      ns::make_mount("tmpfs", {{"mode", "0700"}}, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV));
  ns::attach(changes.fd(), below);
  const auto upper = changes.make("upper", 0700);
  const auto work = changes.make("work", 0700);
  ns::make_alike(upper, layers.lower);
  return ns::make_view({layers.lower.fd(), upper.fd(), work.fd()}, ns::Changes::kPass);
}

/// Made as that user, who sees and changes in it only what that user could anyway.
sys::Fd make_view_as(const UserIds& user, const Plan& plan, std::size_t at) {
  Layers layers;
  const auto work = [&]() -> sys::Answer {
    sys::Answer made;
    try {
      if (layers.kept) ns::make_alike_for_good(layers.kept, layers.lower);
      made.descriptors.push_back(make_view(layers, layers.lower));
      return made;
    } catch (const Error& error) {
      return sys::Answer::of_error(error.code().value());
    }
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
  throw Error(sys::errno_code(made.error()), fmt::format("mounting as user {}", user.uid));
}

/// What lies below is not mounted on again but shown by the view above it, if there is one by now.
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
  // All are opened before the first is mounted, which would cover what the next is to show.
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

namespace {

/// Whether an overlay is mounted there, so that the path leads to something else than the launcher found.
bool lies_in_view(const Plan& plan, const std::string& path) {
  const auto& overlays = plan.spec.overlays;
  return std::any_of(overlays.begin(), overlays.end(),
                     [&](const OverlaySpec& overlay) { return lies_in(path, overlay.path); });
}

sys::Fd open_kept(const Building& building, std::size_t at) {
  const auto& plan = building.plan;
  const auto& kept = plan.kept[at];
  const auto& outside = plan.places.kept[at];
  if (!outside) return sys::open_file(kept.path, O_PATH);
  const bool is_hosts = std::ranges::any_of(
      plan.shown_through, [&](const ShownThrough& shown) { return lies_in(kept.source, shown.path); });
  return lies_in_view(plan, kept.source) && !is_hosts
             ? open_in_view(plan.spec, kept.source, building.views)
             : reopen_in_shard(plan.spec, kept.source, outside.get());
}

/// Root makes nothing in it: a user who can write to it may place links and other directories there
/// meanwhile.
bool is_users_tmp(const Plan& plan) {
  return plan.spec.tmp == TmpMode::kDirectory && other_user(plan.spec) != nullptr;
}

/// What is mounted there is one of the machine's directories, and a user's link may have determined which:
/// the path to it looks like root's own by now.
bool lies_in_shown(const Plan& plan, const std::string& path) {
  return lies_in_view(plan, path) || (is_users_tmp(plan) && lies_in(path, "/tmp")) ||
         std::ranges::any_of(plan.kept, [&](const KeptPath& kept) { return lies_in(path, kept.path); });
}

sys::Fd mount_point_in_tmp(const Plan& plan, const sys::Directory& tmp, const std::string& names,
                           bool is_directory) {
  const auto make = [&] {
    const auto last = names.rfind('/');
    const auto directory =
        tmp.open_or_make_below(last == std::string::npos ? "" : names.substr(0, last), 0755);
    return directory.make_mount_point(names.substr(last + 1), is_directory);
  };
  return is_users_tmp(plan) ? open_as_other_user(*other_user(plan.spec), tmp.fd(), make) : make();
}

/// Made here if one of the shard's own mounts lies above it.
sys::Directory place_of_private(const Plan& plan, const std::string& path) {
  const auto is_above = [&](const std::string& other) { return other != path && lies_in(path, other); };
  const auto outside = plan.places.private_directories.find(path);
  const bool is_made_here = outside == plan.places.private_directories.end() || lies_in_view(plan, path) ||
                            std::any_of(plan.private_paths.begin(), plan.private_paths.end(), is_above);
  if (is_made_here) {
    return make_private_directory(plan.spec, path,
                                  lies_in_shown(plan, path) ? sys::RootsPart::kNone : sys::RootsPart::kGive);
  }
  return sys::Directory(reopen_in_shard(plan.spec, path, outside->second.fd()));
}

}  // namespace

void mount_tmp(Building& building) {
  const auto& spec = building.plan.spec;
  // K8: only what is opened in this mount namespace can be bound in it.
  for (std::size_t at = 0; at < building.plan.kept.size(); ++at)
    building.kept_sources.push_back(open_kept(building, at));
  if (spec.tmp == TmpMode::kPrivate) {
    ns::mount_tmpfs("/tmp", 01777, spec.tmp_size);
  } else {
    const auto directory = reopen_in_shard(spec, spec.tmp_directory, building.plan.places.tmp.fd());
    ns::bind(directory.get(), sys::Directory::open_or_make("/tmp", 0700).fd());
  }
}

void keep_paths(Building& building) {
  constexpr std::string_view kBelowTmp = "/tmp/";
  const auto tmp = sys::Directory::open("/tmp");
  for (const auto& kept : building.plan.kept) {
    const auto& source = building.kept_sources[static_cast<std::size_t>(building.detail)];
    struct stat status = {};
    sys::check(::fstat(source.get(), &status), "looking at a kept path");
    const auto target =
        mount_point_in_tmp(building.plan, tmp, kept.path.substr(kBelowTmp.size()), S_ISDIR(status.st_mode));
    const auto show = [&] { ns::bind(source.get(), target.get()); };
    is_users_tmp(building.plan) ? mount_on_users(building.plan.spec, {source.get(), target.get()}, show)
                                : show();
    ++building.detail;
  }
}

void mount_private_paths(Building& building) {
  for (const auto& path : building.plan.private_paths) {
    const auto place = place_of_private(building.plan, path);
    const auto tmpfs = ns::make_tmpfs_alike(place);
    mount_on_users(building.plan.spec, {tmpfs.get(), place.fd()}, [&] { ns::attach(tmpfs.get(), place); });
    building.mounts.watch(tmpfs.get());
    ++building.detail;
  }
}

}  // namespace nslaunch::shard
