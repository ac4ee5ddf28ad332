#include "shard/overlay_layers.hpp"

#include <algorithm>

#include "shard/overlay_places.hpp"
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

}  // namespace nslaunch::shard
