#include "sys/process/credentials.hpp"

#include <linux/capability.h>
#include <linux/keyctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace nslaunch::sys {
namespace {

/// The ambient capabilities are dropped with the inheritable ones.
int drop_capabilities() noexcept {
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  const __user_cap_data_struct none[2] = {};
  return ::syscall(SYS_capset, &header, none) == 0 ? 0 : errno;
}

}  // namespace

int leave_keys() noexcept {
  if (::syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, nullptr) >= 0) return 0;
  return errno == ENOSYS || errno == EPERM || errno == EACCES ? 0 : errno;
}

int become_user(uid_t uid, gid_t gid, std::span<const gid_t> groups) noexcept {
  const bool is_another = uid != ::geteuid();
  if (::syscall(SYS_setgroups, groups.size(), groups.data()) != 0) return errno;
  if (::syscall(SYS_setresgid, gid, gid, gid) != 0) return errno;
  if (::syscall(SYS_setresuid, uid, uid, uid) != 0) return errno;
  return is_another ? drop_capabilities() : 0;
}

}  // namespace nslaunch::sys
