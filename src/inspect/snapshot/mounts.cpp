#include "inspect/snapshot/mounts.hpp"

#include <set>
#include <tuple>

#include "inspect/snapshot/patient_reads.hpp"
#include "sys/files/mountinfo.hpp"

namespace nslaunch::inspect {
namespace {

/// What identifies a mount of ours in another namespace.
auto identity(const sys::MountLine& line) {
  return std::tuple(line.device, line.root, line.path);
}

}  // namespace

std::vector<Mount> own_mounts(pid_t init) {
  std::set<decltype(identity({}))> known;
  std::set<std::string> devices;
  for (const auto& line : sys::mounts_here()) {
    known.insert(identity(line));
    devices.insert(line.device);
  }
  std::vector<Mount> mounts;
  PatientReads reads(1, [init](std::size_t) { return sys::read_mountinfo(std::to_string(init)); });
  for (const auto& line : sys::parse_mountinfo(reads.take().front().value_or(""))) {
    if (!known.contains(identity(line)))
      mounts.push_back({line.id, line.path, line.type, !devices.contains(line.device)});
  }
  return mounts;
}

std::vector<std::string> mount_points() {
  std::vector<std::string> points;
  for (const auto& line : sys::mounts_here()) points.push_back(line.path);
  return points;
}

}  // namespace nslaunch::inspect
