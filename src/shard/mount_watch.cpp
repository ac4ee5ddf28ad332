#include "shard/mount_watch.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cstdlib>
#include <sstream>
#include <string_view>

#include "sys/check.hpp"
#include "sys/files.hpp"

namespace nslaunch::shard {
namespace {

constexpr const char* kMountInfo = "/proc/self/mountinfo";
constexpr std::size_t kLongestMountInfo = 16 << 20;

/// The mount that is on top at `path`; 0 where the kernel does not say.
std::uint64_t mount_id(const std::string& path) {
  const sys::Fd place(::open(path.c_str(), O_PATH | O_CLOEXEC));
  constexpr std::string_view kKey = "mnt_id:";
  const auto text = sys::read_file(fmt::format("/proc/self/fdinfo/{}", place.get()).c_str()).value_or("");
  const auto at = text.find(kKey);
  return at == std::string::npos ? 0 : std::strtoull(text.c_str() + at + kKey.size(), nullptr, 10);
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
