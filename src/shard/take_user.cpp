#include "shard/take_user.hpp"

#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "ns/terminal_filter.hpp"

namespace nslaunch::shard {
namespace {

/// Straight system calls: libc's own would tell "all threads", of which a vforked child has none (K27). It is
/// done here and never in init, whose parent-death signal it would clear (K2).
int take_ids(const UserIds& user) noexcept {
  if (::syscall(SYS_setgroups, user.groups.size(), user.groups.data()) != 0) return errno;
  if (::syscall(SYS_setresgid, user.gid, user.gid, user.gid) != 0) return errno;
  if (::syscall(SYS_setresuid, user.uid, user.uid, user.uid) != 0) return errno;
  return 0;
}

}  // namespace

int take_user(const UserIds& user) noexcept {
  if (user.uid != ::geteuid()) {
    if (const int error = ns::forbid_typing(); error != 0) return error;
  }
  return take_ids(user);
}

}  // namespace nslaunch::shard
