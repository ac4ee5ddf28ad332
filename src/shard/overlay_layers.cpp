#include "shard/overlay_layers.hpp"

#include <fcntl.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "shard/hidden.hpp"
#include "shard/overlay_places.hpp"
#include "shard/users_folder.hpp"
#include "sys/check.hpp"
#include "sys/mounter.hpp"
#include "sys/text.hpp"

namespace nslaunch::shard {
namespace {

/// Their files are as open to whoever reads as owner, mode and access control list say.
constexpr std::string_view kDecidedByMode[] = {
    "ext2",    "ext3",     "ext4",     "xfs",   "btrfs",  "zfs",   "f2fs",     "bcachefs",
    "jfs",     "reiserfs", "nilfs2",   "gfs2",  "ocfs2",  "ubifs", "jffs2",    "minix",
    "ufs",     "hfs",      "hfsplus",  "vfat",  "msdos",  "exfat", "ntfs",     "ntfs3",
    "iso9660", "udf",      "squashfs", "erofs", "cramfs", "romfs", "tmpfs",    "ramfs",
    "rootfs",  "overlay",  "ecryptfs", "nfs",   "nfs4",   "ceph",  "virtiofs", "vboxsf",
};

constexpr std::string_view kServed[] = {"cifs", "smb3", "smbfs", "afs", "9p", "coda"};

/// Where not the kernel but a server, which is asked for root, decides.
bool is_served(const sys::MountLine& mount) {
  const auto& options = mount.super_options;
  if (mount.type.starts_with("fuse"))
    return !sys::has_option(options, "allow_other") || !sys::has_option(options, "default_permissions");
  if (mount.type.starts_with("nfs")) return options.find("sec=krb5") != std::string::npos;
  return std::ranges::find(kServed, mount.type) != std::end(kServed);
}

bool is_decided_by_mode(const sys::MountLine& mount) {
  return mount.type.starts_with("fuse") ||
         std::ranges::find(kDecidedByMode, mount.type) != std::end(kDecidedByMode);
}

sys::MountLine mount_of_layer(const OverlaySpec& overlay, const sys::Directory& folder) {
  if (auto mount = sys::mount_of(folder.fd())) return std::move(*mount);
  refuse_overlay(overlay, "/proc/self/mountinfo has no mount that it lies on, so whose it is can't be told",
                 "Mount /proc; in a chroot, bind its root to itself (mount --bind) before it is entered.");
}

bool is_within(const std::string& path, const std::string& folder) {
  return folder == "/" || lies_in(path, folder);
}

/// By whichever mount somebody goes there, or to where it can be moved.
bool is_so_everywhere(const std::string& option, const sys::MountLine& place) {
  return std::ranges::all_of(sys::mounts_of("self"), [&](const sys::MountLine& mount) {
    const bool shows_it = mount.device == place.device &&
                          (is_within(mount.root, place.root) || is_within(place.root, mount.root));
    return !shows_it || sys::has_option(mount.options, option);
  });
}

}  // namespace

void refuse_layer(const OverlaySpec& overlay, const sys::Directory& folder) {
  const auto mount = mount_of_layer(overlay, folder);
  const auto place = sys::escape(folder.path());
  if (is_served(mount)) {
    refuse_overlay(
        overlay,
        fmt::format("a server decides who may read what is there ({}), and would be asked for root", place),
        "Copy it to a local file system, or run nslaunch as that user.");
  }
  if (is_decided_by_mode(mount)) return;
  refuse_overlay(overlay,
                 fmt::format("{} lies on {}, which could take whoever reads there for root", place,
                             sys::escape(mount.type)),
                 "Name a folder on a disk or a tmpfs, or run nslaunch as that user.");
}

void refuse_unverifiable(const OverlaySpec& overlay, const sys::Directory& covered) {
  file_handle none = {};
  int mount_id = 0;
  const int got = ::name_to_handle_at(covered.fd(), "", &none, &mount_id, AT_EMPTY_PATH);
  if (got == 0 || errno != EOPNOTSUPP) return;
  const auto mount = mount_of_layer(overlay, covered);
  refuse_overlay(
      overlay,
      fmt::format("{} has no file handles ({}), so a folder that its user moves there meanwhile could "
                  "pass for another in the view",
                  sys::escape(covered.path()), sys::escape(mount.type)),
      "Name a folder on a disk, a volume or a tmpfs, or run nslaunch as that user.");
}

void refuse_looser(const OverlaySpec& overlay, const sys::Directory& covered, const sys::Directory& keeping) {
  constexpr std::pair<unsigned long, const char*> kRestrictions[] = {
      {ST_NOSUID, "nosuid"}, {ST_NODEV, "nodev"}, {ST_NOEXEC, "noexec"}};
  const auto restrictions = restrictions_of(covered.fd());
  const auto kept = mount_of_layer(overlay, keeping);
  for (const auto& [flag, option] : kRestrictions) {
    if ((restrictions & flag) == 0 || is_so_everywhere(option, kept)) continue;
    refuse_overlay(
        overlay,
        fmt::format("it lies on a mount that is {}, and its changes would lie on one that is not", option),
        "Keep them on a file system that is mounted so everywhere, or run nslaunch as that user.");
  }
}

}  // namespace nslaunch::shard
