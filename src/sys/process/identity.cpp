#include "sys/process/identity.hpp"

#include <unistd.h>

#include <string>

#include "sys/base/check.hpp"
#include "sys/process/as_user.hpp"
#include "sys/process/owner.hpp"
#include "sys/process/procfs.hpp"

namespace nslaunch::sys {
namespace {

/// In which `pid` is meant: ours. Asked of a handle on ourselves where `pidfd` is one: /proc/self/ns takes
/// five times as long in a process that has not looked there yet.
std::uint64_t own_pid_namespace(pid_t pid, const Pidfd& pidfd) {
  const auto inode = pid == ::getpid() ? pidfd.pid_namespace() : 0;
  return inode != 0 ? inode : namespace_inode(0, "pid");
}

}  // namespace

ProcessIdentity identify(pid_t pid, const Pidfd& pidfd) {
  ProcessIdentity identity;
  identity.pid = pid;
  identity.pidfd_inode = pidfd.inode();
  // Only where the inode can't tell: /proc/PID/stat is a costly file to read.
  if (identity.pidfd_inode == 0) {
    if (const auto stat = read_stat(pid)) identity.start_ticks = stat->start_ticks;
  }
  identity.boot_id = boot_id();
  // The same for as long as we live.
  static const std::uint64_t own_namespace = own_pid_namespace(pid, pidfd);
  identity.pidns_inode = own_namespace;
  return identity;
}

std::optional<Pidfd> find(const ProcessIdentity& identity, uid_t owner) {
  if (identity.pid <= 0 || identity.boot_id != boot_id()) return std::nullopt;
  auto pidfd = Pidfd::open(identity.pid);
  if (!pidfd || pidfd->has_ended() || !belongs_to(owner, identity.pid, *pidfd)) return std::nullopt;
  // Of this boot, so of a kernel that gave it an inode, too.
  if (const auto inode = pidfd->inode(); inode != 0) {
    return inode == identity.pidfd_inode ? std::move(pidfd) : std::nullopt;
  }
  // The start time is read after the pidfd was opened and believed only while that process lives,
  // so that both are of one process.
  const auto stat = parse_stat(read_of_process(owner, [&] { return stat_line(identity.pid); }));
  if (!stat || pidfd->has_ended() || stat->start_ticks != identity.start_ticks) return std::nullopt;
  return pidfd;
}

}  // namespace nslaunch::sys
