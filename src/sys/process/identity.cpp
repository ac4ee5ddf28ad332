#include "sys/process/identity.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdint>
#include <optional>
#include <sstream>
#include <string>

#include "sys/base/check.hpp"
#include "sys/process/as_user.hpp"
#include "sys/process/procfs.hpp"

namespace nslaunch::sys {
namespace {

struct Owners {
  uid_t real = 0;
  uid_t effective = 0;
  uid_t saved = 0;
};

// linux/pidfd.h of kernel 6.13; older headers have none of it.
struct OwnerInfo {
  std::uint64_t mask;
  std::uint64_t cgroup;
  std::uint32_t pids[3];
  std::uint32_t ids[8];  // real user and group, effective, saved, file system's
  std::int32_t exit_code;
};
constexpr unsigned kPidfsIoctls = 0xFF;
constexpr unsigned long kGetOwner = _IOWR(kPidfsIoctls, 11, OwnerInfo);
constexpr std::uint64_t kInfoOnIds = 2;

std::optional<Owners> owners_by_pidfd(const Pidfd& pidfd) {
  OwnerInfo info = {};
  info.mask = kInfoOnIds;
  if (::ioctl(pidfd.get(), kGetOwner, &info) != 0 || (info.mask & kInfoOnIds) == 0) return std::nullopt;
  return Owners{info.ids[0], info.ids[2], info.ids[4]};
}

/// Trusted only while the process lives, so that it is about this process.
std::optional<Owners> owners_by_proc(uid_t owner, pid_t pid, const Pidfd& pidfd) {
  std::istringstream ids(read_of_process(owner, [pid] { return status_field(pid, "Uid").value_or(""); }));
  Owners owners;
  if (!(ids >> owners.real >> owners.effective >> owners.saved) || pidfd.has_ended()) return std::nullopt;
  return owners;
}

/// The namespace in which `pid` is valid: ours. Read from a handle on ourselves if `pidfd` is one:
/// /proc/self/ns takes five times as long in a process that has not looked there yet.
std::uint64_t own_pid_namespace(pid_t pid, const Pidfd& pidfd) {
  const auto inode = pid == ::getpid() ? pidfd.pid_namespace() : 0;
  return inode != 0 ? inode : namespace_inode(0, "pid");
}

}  // namespace

bool belongs_to(uid_t owner, pid_t pid, const Pidfd& pidfd) {
  auto owners = owners_by_pidfd(pidfd);
  if (!owners) owners = owners_by_proc(owner, pid, pidfd);
  return owners && owners->real == owner && owners->effective == owner && owners->saved == owner;
}

ProcessIdentity identify(pid_t pid, const Pidfd& pidfd) {
  ProcessIdentity identity;
  identity.pid = pid;
  identity.pidfd_inode = pidfd.inode();
  // Only if there is no inode: /proc/PID/stat is costly to read.
  if (identity.pidfd_inode == 0) {
    if (const auto stat = read_stat(pid)) identity.start_ticks = stat->start_ticks;
  }
  identity.boot_id = boot_id();
  // Constant for the life of this process.
  static const std::uint64_t own_namespace = own_pid_namespace(pid, pidfd);
  identity.pidns_inode = own_namespace;
  return identity;
}

std::optional<Pidfd> find(const ProcessIdentity& identity, uid_t owner) {
  if (identity.pid <= 0 || identity.boot_id != boot_id()) return std::nullopt;
  auto pidfd = Pidfd::open(identity.pid);
  if (!pidfd || pidfd->has_ended() || !belongs_to(owner, identity.pid, *pidfd)) return std::nullopt;
  // The identity is of this boot, so this kernel has given that process an inode, too.
  if (const auto inode = pidfd->inode(); inode != 0) {
    return inode == identity.pidfd_inode ? std::move(pidfd) : std::nullopt;
  }
  // The start time is read after the pidfd was opened and trusted only while that process lives, so that both
  // are of one process.
  const auto stat = parse_stat(read_of_process(owner, [&] { return stat_line(identity.pid); }));
  if (!stat || pidfd->has_ended() || stat->start_ticks != identity.start_ticks) return std::nullopt;
  return pidfd;
}

std::optional<Pidfd> find_if_visible(const ProcessIdentity& identity, uid_t owner) try {
  return find(identity, owner);
} catch (const Error&) {
  return std::nullopt;
}

}  // namespace nslaunch::sys
