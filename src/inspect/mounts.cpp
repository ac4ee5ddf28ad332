#include "inspect/mounts.hpp"

#include <sys/stat.h>
#include <sys/vfs.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <tuple>

#include "sys/check.hpp"
#include "sys/mountinfo.hpp"

namespace nslaunch::inspect {
namespace {

namespace fs = std::filesystem;

constexpr int kMostFiles = 100'000;

/// By what a mount of ours is known in another namespace.
auto identity(const sys::MountLine& line) {
  return std::tuple(line.device, line.root, line.path);
}

fs::path seen_by(pid_t process, const std::string& path) {
  return fmt::format("/proc/{}/root{}", process, path);
}

std::optional<Mount::Usage> usage_of(pid_t init, const std::string& path) {
  struct statfs status = {};
  if (::statfs(seen_by(init, path).c_str(), &status) != 0) return std::nullopt;
  const auto block = static_cast<std::uint64_t>(status.f_bsize);
  return Mount::Usage{(status.f_blocks - status.f_bfree) * block, status.f_blocks * block,
                      status.f_files - status.f_ffree};
}

std::uint64_t bytes_of(const fs::path& path) {
  struct stat status = {};
  return ::lstat(path.c_str(), &status) == 0 ? static_cast<std::uint64_t>(status.st_blocks) * 512 : 0;
}

std::uint64_t bytes_below(const fs::path& folder, int& left) {
  std::error_code ignored;
  std::uint64_t bytes = 0;
  fs::recursive_directory_iterator entry(folder, ignored);
  for (const fs::recursive_directory_iterator end; entry != end && --left > 0; entry.increment(ignored)) {
    bytes += bytes_of(entry->path());
  }
  return bytes;
}

}  // namespace

std::vector<Mount> own_mounts(pid_t init) {
  std::set<decltype(identity({}))> known;
  for (const auto& line : sys::mounts_of("self")) known.insert(identity(line));
  std::vector<Mount> mounts;
  for (const auto& line : sys::mounts_of(std::to_string(init))) {
    if (known.contains(identity(line))) continue;
    const bool on_memory = line.type == "tmpfs";
    mounts.push_back({line.path, line.type, on_memory ? usage_of(init, line.path) : std::nullopt});
  }
  return mounts;
}

std::vector<std::string> mount_points() {
  std::vector<std::string> points;
  for (const auto& line : sys::mounts_of("self")) points.push_back(line.path);
  return points;
}

std::vector<Usage> largest_entries(pid_t process, const std::string& folder, std::size_t most) {
  std::vector<Usage> entries;
  std::error_code ignored;
  int left = kMostFiles;
  for (const auto& entry : fs::directory_iterator(seen_by(process, folder), ignored)) {
    const bool is_folder = entry.is_directory(ignored) && !entry.is_symlink(ignored);
    const auto below = is_folder ? bytes_below(entry.path(), left) : 0;
    entries.push_back({entry.path().filename(), bytes_of(entry.path()) + below});
  }
  std::sort(entries.begin(), entries.end(), [](const Usage& a, const Usage& b) { return a.bytes > b.bytes; });
  if (entries.size() > most) entries.resize(most);
  return entries;
}

}  // namespace nslaunch::inspect
