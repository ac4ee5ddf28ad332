#include "ns/overlay.hpp"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>

#include "ns/mount.hpp"
#include "sys/base/check.hpp"
#include "sys/files/access_lists.hpp"

namespace nslaunch::ns {
namespace {

bool takes_attribute(int directory, const char* name) {
  const auto path = sys::descriptor_path(directory);
  return ::setxattr(path.c_str(), name, "", 0, 0) == 0 && ::removexattr(path.c_str(), name) == 0;
}

/// K36: if overlayfs can't store its attributes it mounts anyway, and then directories can't be removed.
MountOptions options_for_notes(int upper, bool is_kept) {
  if (takes_attribute(upper, "trusted.overlay.nslaunch"))
    return {{"redirect_dir", is_kept ? "nofollow" : "on"}};
  sys::check(takes_attribute(upper, "user.overlay.nslaunch") ? 0 : -1, "keeping overlayfs's notes");
  return {{"redirect_dir", "nofollow"}, {"userxattr", ""}};
}

/// What a layer's mount forbids must not become possible through a view of it.
unsigned flags_of(int layer) {
  struct statvfs status = {};
  sys::check(::fstatvfs(layer, &status), "looking at a layer of an overlay");
  unsigned flags = MOUNT_ATTR_NODEV;
  if ((status.f_flag & ST_NOSUID) != 0) flags |= MOUNT_ATTR_NOSUID;
  if ((status.f_flag & ST_NOEXEC) != 0) flags |= MOUNT_ATTR_NOEXEC;
  return flags;
}

}  // namespace

void make_alike(const sys::Directory& upper, const sys::Directory& lower) {
  const auto status = lower.status();
  try {
    upper.set_owner(status.st_uid, status.st_gid);
  } catch (const Error& error) {
    // If the owner's id is not mapped here, ours is used.
    if (error.code() != sys::errno_code(EINVAL) && error.code() != sys::errno_code(EPERM)) throw;
  }
  upper.set_mode(status.st_mode & 07777);
}

void make_alike_for_good(const sys::Directory& upper, const sys::Directory& lower) {
  make_alike(upper, lower);
  if (!sys::copy_access_lists(lower, upper)) upper.set_mode(lower.status().st_mode & 0700);
}

sys::Fd make_view(const OverlayLayers& layers, Changes changes) {
  const sys::Directory upper(sys::Fd(::fcntl(layers.upper, F_DUPFD_CLOEXEC, 0)));
  // Anything that another process has put there would pass for changes.
  if (!upper.is_empty()) throw Error(sys::errno_code(ESTALE), "finding the directory for the changes empty");
  const bool is_kept = changes == Changes::kKept;
  auto options = options_for_notes(layers.upper, is_kept);
  // By descriptor: a name may have commas and colons, which separate options and layers.
  options.insert({{"lowerdir", sys::descriptor_path(layers.lower)},
                  {"upperdir", sys::descriptor_path(layers.upper)},
                  {"workdir", sys::descriptor_path(layers.work)},
                  {"index", "off"},
                  {"metacopy", "off"}});
  // A tmpfs of ours, which no one else can reach, forbids more than its view has to.
  return make_mount("overlay", options, flags_of(layers.lower) | (is_kept ? flags_of(layers.upper) : 0));
}

}  // namespace nslaunch::ns
