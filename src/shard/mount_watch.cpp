#include "shard/mount_watch.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "sys/check.hpp"
#include "sys/files.hpp"
#include "sys/mountinfo.hpp"

namespace nslaunch::shard {
namespace {

constexpr const char* kMountInfo = "/proc/self/mountinfo";

/// The mount that is on top at `path`; 0 where the kernel does not say.
std::uint64_t mount_id(const std::string& path) {
  const sys::Fd place(::open(path.c_str(), O_PATH | O_CLOEXEC));
  constexpr std::string_view kKey = "mnt_id:";
  const auto text = sys::read_file(fmt::format("/proc/self/fdinfo/{}", place.get()).c_str()).value_or("");
  const auto at = text.find(kKey);
  return at == std::string::npos ? 0 : std::strtoull(text.c_str() + at + kKey.size(), nullptr, 10);
}

}  // namespace

void MountWatch::watch(const std::string& path) {
  if (!mountinfo_) mountinfo_ = sys::Fd(::open(kMountInfo, O_RDONLY | O_CLOEXEC));
  watched_.push_back(mount_id(path));
}

std::optional<int> MountWatch::first_lost() const {
  const auto mounts = sys::mounts_of("self");
  for (std::size_t at = 0; at < watched_.size(); ++at) {
    if (watched_[at] == 0) continue;
    const auto is_it = [&](const sys::MountLine& line) { return line.id == watched_[at]; };
    if (std::none_of(mounts.begin(), mounts.end(), is_it)) return static_cast<int>(at);
  }
  return std::nullopt;
}

}  // namespace nslaunch::shard
