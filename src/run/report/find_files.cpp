#include "run/report/find_files.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <span>
#include <sstream>

#include "sys/base/files.hpp"

namespace nslaunch::run {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSpecial = "*?[\\";
constexpr int kDeepest = 64;

bool is_directory(DIR* listing, const std::string& name) {
  struct stat status = {};
  return ::fstatat(::dirfd(listing), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 &&
         S_ISDIR(status.st_mode);
}

struct Search {
  std::vector<std::string> found{};

  void look(const fs::path& directory, std::span<const std::string> names, int depth) {
    if (found.size() == kMostFound) return;
    if (names.empty()) {
      found.push_back(directory.string());
      return;
    }
    const bool any_directories = names.front() == "**";
    if (any_directories) look(directory, names.subspan(1), depth);
    if (names.front().find_first_of(kSpecial) == std::string::npos) {
      if (sys::open_without_magic_links(directory / names.front(), O_PATH))
        look(directory / names.front(), names.subspan(1), depth);
      return;
    }
    sys::Fd listed = sys::open_without_magic_links(directory, O_RDONLY | O_DIRECTORY);
    const std::unique_ptr<DIR, int (*)(DIR*)> listing(listed ? ::fdopendir(listed.get()) : nullptr,
                                                      ::closedir);
    if (!listing) return;
    listed.release();
    while (const dirent* entry = found.size() < kMostFound ? ::readdir(listing.get()) : nullptr) {
      const std::string name = entry->d_name;
      if (name == "." || name == "..") continue;
      if (!any_directories && ::fnmatch(names.front().c_str(), name.c_str(), FNM_PERIOD) == 0)
        look(directory / name, names.subspan(1), depth);
      if (any_directories && depth < kDeepest && !name.starts_with('.') && is_directory(listing.get(), name))
        look(directory / name, names, depth + 1);
    }
  }
};

}  // namespace

std::vector<std::string> find_files(const std::string& directory, const std::string& pattern) {
  std::vector<std::string> names;
  std::istringstream rest(pattern);
  for (std::string name; std::getline(rest, name, '/');) {
    if (!name.empty()) names.push_back(std::move(name));
  }
  Search search;
  search.look(pattern.starts_with('/') ? "/" : directory, names, 0);
  std::sort(search.found.begin(), search.found.end());
  search.found.erase(std::unique(search.found.begin(), search.found.end()), search.found.end());
  return std::move(search.found);
}

std::string as_pattern(const std::string& text) {
  std::string escaped;
  for (const char letter : text) {
    if (kSpecial.find(letter) != std::string_view::npos) escaped += '\\';
    escaped += letter;
  }
  return escaped;
}

}  // namespace nslaunch::run
