#include "shard/explain_overlay.hpp"

#include <sys/vfs.h>

#include <cerrno>

#include "sys/check.hpp"
#include "sys/text.hpp"

namespace nslaunch::shard {
namespace {

constexpr decltype(statfs::f_type) kOverlayMagic = 0x794c7630;  // linux/magic.h

bool lies_on_overlay(int folder) {
  struct statfs filesystem = {};
  return ::fstatfs(folder, &filesystem) == 0 && filesystem.f_type == kOverlayMagic;
}

/// `keeping`: the folder itself (-1: none): by its name a user's file system might be asked by now.
Cause unfit_folder(const OverlaySpec& overlay, int keeping) {
  if (lies_on_overlay(keeping)) {
    return {
        Layer::kFiles,
        fmt::format("{} lies on an overlayfs itself (a container's root is one), which can't hold another's "
                    "changes",
                    sys::escape(overlay.keep)),
        {{"name a folder on a volume or a disk, or keep nothing", ""}}};
  }
  return {Layer::kFiles,
          "overlayfs can't take one of these folders (a view of a view of a view; names without case; NFS "
          "for the "
          "changes)",
          {{"the kernel's log says which", "sudo dmesg | grep overlayfs"}}};
}

Cause no_attributes(const OverlaySpec& overlay) {
  if (!overlay.keep.empty()) {
    return {
        Layer::kFiles, "there, files can't have extended attributes", {{"keep the changes elsewhere", ""}}};
  }
  return {Layer::kKernel,
          "as an ordinary user it needs Linux 6.6 or later, whose tmpfs has user attributes",
          {{"keep the changes on a disk", "--overlay PATH=DIR"}, {"as root", "sudo nslaunch ..."}}};
}

/// K62: the kernel looks for the capability outside of any user namespace.
Cause unverified(const Plan& plan) {
  return {
      Layer::kKernel,
      fmt::format("overlayfs can't tell a folder that user {} moves meanwhile from another here: it needs "
                  "CAP_DAC_READ_SEARCH on the machine itself, and file handles",
                  plan.spec.user->uid),
      {{"run nslaunch as that user, or its container with the capability (--cap-add DAC_READ_SEARCH)", ""}}};
}

Cause refused(const Evidence& machine) {
  if (!machine.is_root && machine.is_before(5, 11)) {
    return {Layer::kKernel,
            fmt::format("this kernel ({}) lets only root mount an overlayfs, which needs Linux 5.11 or later",
                        sys::escape(machine.kernel)),
            {{"Run nslaunch as root", "sudo nslaunch ..."}}};
  }
  auto remedies = without_profile(machine);
  remedies.insert(remedies.begin(), {"Run nslaunch as root", "sudo nslaunch ..."});
  return {Layer::kSecurityModule, "something here forbids an overlayfs", std::move(remedies)};
}

}  // namespace

Cause cause_of_overlay(const Plan& plan, const Message& failure, const Evidence& machine) {
  const auto at = static_cast<std::size_t>(failure.detail);
  const auto overlay = at < plan.spec.overlays.size() ? plan.spec.overlays[at] : OverlaySpec();
  switch (failure.code) {
    case ENODEV:
      return {Layer::kKernel, "it has no overlayfs", {{"load it", "sudo modprobe overlay"}}};
    case EOPNOTSUPP:
      return no_attributes(overlay);
    case EPERM:
    case EACCES:
      return refused(machine);
    case ENOLINK:
      return unverified(plan);
    case EINVAL:
      return unfit_folder(overlay, at < plan.places.keeping.size() ? plan.places.keeping[at].fd() : -1);
    default:
      return {};
  }
}

}  // namespace nslaunch::shard
