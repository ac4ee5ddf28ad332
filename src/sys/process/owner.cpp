#include "sys/process/owner.hpp"

#include <sys/ioctl.h>

#include <cstdint>
#include <optional>
#include <sstream>

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

/// Believed while the process lives, so that it is of this one.
std::optional<Owners> owners_by_proc(uid_t owner, pid_t pid, const Pidfd& pidfd) {
  std::istringstream ids(read_of_process(owner, [pid] { return status_field(pid, "Uid").value_or(""); }));
  Owners owners;
  if (!(ids >> owners.real >> owners.effective >> owners.saved) || pidfd.has_ended()) return std::nullopt;
  return owners;
}

}  // namespace

bool belongs_to(uid_t owner, pid_t pid, const Pidfd& pidfd) {
  auto owners = owners_by_pidfd(pidfd);
  if (!owners) owners = owners_by_proc(owner, pid, pidfd);
  return owners && owners->real == owner && owners->effective == owner && owners->saved == owner;
}

}  // namespace nslaunch::sys
