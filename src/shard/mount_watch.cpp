#include "shard/mount_watch.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <sstream>

#include "sys/files.hpp"

namespace nslaunch::shard {
namespace {

constexpr const char* kMountInfo = "/proc/self/mountinfo";
constexpr std::size_t kLongestMountInfo = 16 << 20;

/// The mount that is on top at `path`; 0 where there is none or the kernel (before 5.8) does not say.
std::uint64_t mount_id(const std::string& path) {
  struct statx status = {};
  if (::statx(AT_FDCWD, path.c_str(), 0, STATX_MNT_ID, &status) != 0) return 0;
  return (status.stx_mask & STATX_MNT_ID) != 0 ? status.stx_mnt_id : 0;
}

std::vector<std::uint64_t> mount_ids() {
  std::vector<std::uint64_t> ids;
  std::istringstream lines(sys::read_file(kMountInfo, kLongestMountInfo).value_or(""));
  for (std::string line; std::getline(lines, line);) ids.push_back(std::strtoull(line.c_str(), nullptr, 10));
  return ids;
}

}  // namespace

void MountWatch::watch(const std::string& path) {
  if (!mountinfo_) mountinfo_ = sys::Fd(::open(kMountInfo, O_RDONLY | O_CLOEXEC));
  watched_.push_back(mount_id(path));
}

std::optional<int> MountWatch::first_lost() const {
  const auto ids = mount_ids();
  for (std::size_t at = 0; at < watched_.size(); ++at) {
    if (watched_[at] == 0) continue;
    if (std::find(ids.begin(), ids.end(), watched_[at]) == ids.end()) return static_cast<int>(at);
  }
  return std::nullopt;
}

}  // namespace nslaunch::shard
