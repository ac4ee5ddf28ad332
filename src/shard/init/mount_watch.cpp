#include "shard/init/mount_watch.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>

#include "sys/base/check.hpp"
#include "sys/base/files.hpp"
#include "sys/files/mounter.hpp"
#include "sys/files/mountinfo.hpp"

namespace nslaunch::shard {
namespace {

constexpr const char* kMountInfo = "/proc/self/mountinfo";

}  // namespace

std::uint64_t MountWatch::watch(int mount) {
  if (!mountinfo_) mountinfo_ = sys::open_file(kMountInfo, O_RDONLY);
  const auto id = sys::mount_id_of(mount);
  if (!id) throw Error(sys::errno_code(ENOENT), "finding out which mount is the shard's own");
  watched_.push_back(*id);
  return *id;
}

std::optional<int> MountWatch::first_lost() const {
  const auto mounts = sys::mounts_here();
  for (std::size_t at = 0; at < watched_.size(); ++at) {
    const auto is_it = [&](const sys::MountLine& line) { return line.id == watched_[at]; };
    if (std::none_of(mounts.begin(), mounts.end(), is_it)) return static_cast<int>(at);
  }
  return std::nullopt;
}

}  // namespace nslaunch::shard
