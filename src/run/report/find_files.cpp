#include "run/report/find_files.hpp"

#include <fnmatch.h>

#include <algorithm>
#include <filesystem>
#include <span>
#include <sstream>
#include <system_error>

namespace nslaunch::run {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSpecial = "*?[\\";
constexpr int kDeepest = 64;

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
      std::error_code ignored;
      if (fs::exists(directory / names.front(), ignored))
        look(directory / names.front(), names.subspan(1), depth);
      return;
    }
    std::error_code error;
    for (fs::directory_iterator entry(directory, error), end;
         !error && entry != end && found.size() < kMostFound; entry.increment(error)) {
      const auto name = entry->path().filename().string();
      const bool is_directory = entry->symlink_status(error).type() == fs::file_type::directory;
      if (any_directories && is_directory && depth < kDeepest && !name.starts_with('.'))
        look(entry->path(), names, depth + 1);
      if (!any_directories && ::fnmatch(names.front().c_str(), name.c_str(), FNM_PERIOD) == 0)
        look(entry->path(), names.subspan(1), depth);
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
