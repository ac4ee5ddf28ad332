#include "shard/diagnose/explain_overlay.hpp"

#include <sys/vfs.h>

#include <cerrno>

#include "shard/plan/users_directory.hpp"
#include "sys/base/check.hpp"
#include "sys/base/text.hpp"

namespace nslaunch::shard {
namespace {

constexpr decltype(statfs::f_type) kOverlayMagic = 0x794c7630;  // linux/magic.h

bool lies_on_overlay(int directory) {
  struct statfs filesystem = {};
  return ::fstatfs(directory, &filesystem) == 0 && filesystem.f_type == kOverlayMagic;
}

/// `keeping`: the directory itself (-1: none): its name may lead to a user's file system by now.
Cause unfit_directory(const OverlaySpec& overlay, int keeping) {
  if (lies_on_overlay(keeping)) {
    return {
        Layer::kFiles,
        fmt::format("{} lies on an overlayfs itself (a container's root is one), which can't hold another's "
                    "changes",
                    sys::escape(overlay.keep)),
        {{"name a directory on a volume or a disk, or keep nothing", ""}}};
  }
  return {
      Layer::kFiles,
      "overlayfs can't take one of these directories (a view of a view of a view; names without case; NFS "
      "for the "
      "changes)",
      {{"the kernel's log says which", "sudo dmesg | grep overlayfs"}}};
}

/// Whether the view is mounted without root's rights, for an ordinary user.
bool is_users(const Plan& plan, const Evidence& machine) {
  return !machine.is_root || other_user(plan.spec) != nullptr;
}

Remedy with_more_rights(const Evidence& machine) {
  if (machine.is_root) return {"leave out --user, or --overlay", ""};
  return {"Run nslaunch as root", "sudo nslaunch ..."};
}

Cause no_attributes(const OverlaySpec& overlay, const Evidence& machine) {
  if (!overlay.keep.empty()) {
    return {
        Layer::kFiles, "there, files can't have extended attributes", {{"keep the changes elsewhere", ""}}};
  }
  return {Layer::kKernel,
          "for an ordinary user it needs Linux 6.6 or later, whose tmpfs has user attributes",
          {{"keep the changes on a disk", "--overlay PATH=DIR"}, with_more_rights(machine)}};
}

Cause refused(const Plan& plan, const Evidence& machine) {
  if (is_users(plan, machine) && machine.is_before(5, 11)) {
    return {Layer::kKernel,
            fmt::format("this kernel ({}) lets only root mount an overlayfs, which needs Linux 5.11 or later",
                        sys::escape(machine.kernel)),
            {with_more_rights(machine)}};
  }
  auto remedies = without_profile(machine);
  if (is_users(plan, machine)) remedies.insert(remedies.begin(), with_more_rights(machine));
  return {Layer::kSecurityModule, "something here forbids an overlayfs", std::move(remedies)};
}

/// K57: a view for another user is mounted in a user namespace.
Cause no_user_namespace() {
  return {Layer::kKernel,
          "the machine's user namespaces are used up or forbidden (user.max_user_namespaces), and --overlay "
          "with --user needs one",
          {{"allow more", "sudo sysctl -w user.max_user_namespaces=10000"}}};
}

}  // namespace

Cause cause_of_overlay(const Plan& plan, const Message& failure, const Evidence& machine) {
  const auto at = static_cast<std::size_t>(failure.detail);
  const auto overlay = at < plan.spec.overlays.size() ? plan.spec.overlays[at] : OverlaySpec();
  switch (failure.code) {
    case ENODEV:
      return {Layer::kKernel, "it has no overlayfs", {{"load it", "sudo modprobe overlay"}}};
    case EOPNOTSUPP:
      return no_attributes(overlay, machine);
    case EPERM:
    case EACCES:
      return refused(plan, machine);
    case EUSERS:
      return no_user_namespace();
    case EINVAL:
      return unfit_directory(overlay, at < plan.places.keeping.size() ? plan.places.keeping[at].fd() : -1);
    default:
      return {};
  }
}

}  // namespace nslaunch::shard
