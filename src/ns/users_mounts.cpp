#include "ns/users_mounts.hpp"

#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <nslaunch/error.hpp>

#include <algorithm>
#include <cerrno>

#include "ns/idmap.hpp"

namespace nslaunch::ns {
namespace {

/// Sorted and unique, as a map needs them.
std::vector<gid_t> others_among(std::vector<gid_t> groups, gid_t gid) {
  std::sort(groups.begin(), groups.end());
  groups.erase(std::unique(groups.begin(), groups.end()), groups.end());
  std::erase(groups, gid);
  return groups;
}

/// Sets the groups first, while it has the right to; the user last, which drops no capability: the namespace
/// has no root id.
int become(uid_t uid, gid_t gid, const std::vector<gid_t>& groups, const std::function<void()>& open) try {
  if (::syscall(SYS_setgroups, groups.size(), groups.data()) != 0) return errno;
  if (::syscall(SYS_setresgid, gid, gid, gid) != 0) return errno;
  unshare_user(CLONE_NEWNS, {.inside_uid = uid,
                             .inside_gid = gid,
                             .outside_uid = uid,
                             .outside_gid = gid,
                             .identity = false,
                             .more_groups = others_among(groups, gid)});
  open();
  return ::syscall(SYS_setresuid, uid, uid, uid) == 0 ? 0 : errno;
} catch (const Error& error) {
  const int why = error.code().value();
  return why == ENOSPC ? EUSERS : why;  // no disk is full
}

}  // namespace

sys::Answer mount_as_user(uid_t uid, gid_t gid, const std::vector<gid_t>& groups,
                          std::chrono::milliseconds limit, const std::vector<int>& used,
                          const std::function<void()>& open, const std::function<sys::Answer()>& work) {
  return sys::as_user(uid, gid, groups, limit, work, sys::Signals::kWait, used,
                      [&] { return become(uid, gid, groups, open); });
}

}  // namespace nslaunch::ns
