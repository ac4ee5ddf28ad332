#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace nslaunch::run {

constexpr std::size_t kMostFound = 100'000;

/// Paths that match a pattern, sorted: "*", "?" and "[...]" within a name as in fnmatch(3), "**" for any
/// directories, a backslash before a literal character. `pattern` is relative to `directory`, or absolute.
/// Returns at most kMostFound paths, the first ones found.
std::vector<std::string> find_files(const std::string& directory, const std::string& pattern);

/// `text` with a backslash before each character that is special in a pattern.
std::string as_pattern(const std::string& text);

}  // namespace nslaunch::run
