#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace nslaunch::run {

constexpr std::size_t kMostFound = 100'000;

/// Paths that a pattern fits, in their order: "*", "?" and "[...]" within a name as fnmatch(3) has them, "**"
/// for any directories, a backslash before what is meant as it is. `pattern` is below `directory`, or
/// absolute. At most kMostFound, whichever are met first.
std::vector<std::string> find_files(const std::string& directory, const std::string& pattern);

/// `text` with a backslash before everything that a pattern would read in another way.
std::string as_pattern(const std::string& text);

}  // namespace nslaunch::run
