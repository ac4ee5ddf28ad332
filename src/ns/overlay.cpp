#include "ns/overlay.hpp"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ranges>

#include "sys/check.hpp"
#include "sys/mounter.hpp"

namespace nslaunch::ns {
namespace {

bool takes_attribute(int folder, const char* name) {
  const auto path = sys::descriptor_path(folder);
  return ::setxattr(path.c_str(), name, "", 0, 0) == 0 && ::removexattr(path.c_str(), name) == 0;
}

/// K36: where overlayfs can't keep its notes it mounts all the same, and then folders can't be removed.
const char* options_for_notes(int upper, bool readable) {
  if (takes_attribute(upper, "trusted.overlay.nslaunch")) {
    return readable ? "redirect_dir=nofollow" : "redirect_dir=on";
  }
  if (takes_attribute(upper, "user.overlay.nslaunch")) return "redirect_dir=nofollow,userxattr";
  sys::check(-1, "keeping overlayfs's notes");
  return nullptr;
}

/// The top folder of a view shows the mode and the owner of its upper layer.
void make_alike(const sys::Directory& upper, int lower) {
  struct stat status = {};
  sys::check(::fstat(lower, &status), "looking at what an overlay covers");
  try {
    upper.set_owner(status.st_uid, status.st_gid);
  } catch (const Error& error) {
    // Where the owner is nobody's id here, ours has to do.
    if (error.code() != sys::errno_code(EINVAL) && error.code() != sys::errno_code(EPERM)) throw;
  }
  upper.set_mode(status.st_mode & 07777);
}

/// What a layer's mount does not let happen is not made possible by a view of it.
unsigned long flags_of(int layer) {
  struct statvfs status = {};
  sys::check(::fstatvfs(layer, &status), "looking at a layer of an overlay");
  unsigned long flags = MS_NODEV;
  if ((status.f_flag & ST_NOSUID) != 0) flags |= MS_NOSUID;
  if ((status.f_flag & ST_NOEXEC) != 0) flags |= MS_NOEXEC;
  return flags;
}

/// K62: where overlayfs can't, it only says so. The last mount of these layers is the one just made.
bool is_verified(const OverlayLayers& layers) {
  const auto upper = "upperdir=" + sys::descriptor_path(layers.upper);
  auto mounts = sys::mounts_of("self");
  std::ranges::reverse(mounts);
  const auto view = std::ranges::find_if(mounts, [&](const sys::MountLine& mount) {
    return mount.type == "overlay" && sys::has_option(mount.super_options, upper);
  });
  return view != mounts.end() && sys::has_option(view->super_options, "nfs_export=on");
}

}  // namespace

void mount_overlay(const OverlayLayers& layers, const sys::Directory& target, const ViewOptions& view) {
  const sys::Directory upper(sys::Fd(::fcntl(layers.upper, F_DUPFD_CLOEXEC, 0)));
  make_alike(upper, layers.lower);
  // From here on nobody can put in more than he could put into what is covered.
  if (!upper.is_empty()) throw Error(sys::errno_code(ESTALE), "finding the folder for the changes empty");
  // By descriptor: a name may have commas and colons, which separate options and layers.
  const auto options = fmt::format(
      "lowerdir={},upperdir={},workdir={},{},metacopy=off,{}", sys::descriptor_path(layers.lower),
      sys::descriptor_path(layers.upper), sys::descriptor_path(layers.work),
      view.verified ? "index=on,nfs_export=on" : "index=off", options_for_notes(layers.upper, view.readable));
  const auto place = sys::descriptor_path(target.fd());
  // A tmpfs of ours, which nobody else reaches, forbids more than its view has to.
  const auto flags = flags_of(layers.lower) | (view.readable ? flags_of(layers.upper) : 0);
  sys::check(::mount("nslaunch", place.c_str(), "overlay", flags, options.c_str()), "mounting a view");
  if (view.verified && !is_verified(layers))
    throw Error(sys::errno_code(ENOLINK), "having a view's folders verified");
}

bool has_view(const sys::Directory& upper) {
  // A layer that were overlayfs's work folder, too: nothing more is looked at where it is not in use.
  const auto layer = sys::descriptor_path(upper.fd());
  const auto options = fmt::format("lowerdir={0},upperdir={0},workdir={0},index=on", layer);
  return ::mount("nslaunch", layer.c_str(), "overlay", 0, options.c_str()) == 0 || errno != EINVAL;
}

}  // namespace nslaunch::ns
