#include "shard/explain_overlay.hpp"

#include <sys/vfs.h>

#include "sys/check.hpp"
#include "sys/text.hpp"

namespace nslaunch::shard {
namespace {

constexpr decltype(statfs::f_type) kOverlayMagic = 0x794c7630;  // linux/magic.h

bool lies_on_overlay(const std::string& path) {
  struct statfs filesystem = {};
  return ::statfs(path.c_str(), &filesystem) == 0 && filesystem.f_type == kOverlayMagic;
}

std::string advice_on_unfit_folder(const OverlaySpec& overlay) {
  if (!overlay.keep.empty() && lies_on_overlay(overlay.keep)) {
    return fmt::format(
        "{} lies on an overlayfs itself (a container's root is one), which can't hold another's changes.\n"
        "Name a folder on a volume or a disk, or keep nothing.",
        sys::escape(overlay.keep));
  }
  return "overlayfs can't take one of these folders (a view of a view of a view; names without case; NFS for "
         "the "
         "changes).\nThe kernel's log says which: sudo dmesg | grep overlayfs";
}

}  // namespace

std::string advice_on_overlay(const Plan& plan, const Message& failure) {
  const auto at = static_cast<std::size_t>(failure.detail);
  const auto overlay = at < plan.spec.overlays.size() ? plan.spec.overlays[at] : OverlaySpec();
  switch (failure.code) {
    case ENODEV:
      return "This kernel has no overlayfs. Load it: sudo modprobe overlay";
    case EOPNOTSUPP:
      if (!overlay.keep.empty())
        return "There, files can't have extended attributes: keep the changes elsewhere.";
      return "As an ordinary user it needs Linux 6.6 or later, whose tmpfs has user attributes.\n"
             "Keep the changes on a disk (--overlay PATH=DIR), or run nslaunch as root.";
    case EPERM:
    case EACCES:
      return "This kernel lets only root mount an overlayfs (before Linux 5.11), or something here forbids "
             "it.\n"
             "Run nslaunch as root; in a container: --security-opt apparmor=unconfined.";
    case EINVAL:
      return advice_on_unfit_folder(overlay);
    default:
      return {};
  }
}

}  // namespace nslaunch::shard
