#pragma once

#include <filesystem>
#include <fstream>
#include <string>

namespace nslaunch::test {

/// Makes a file with this text and mode.
inline void write_file(const std::string& path, const std::string& text, int mode = 0644) {
  std::ofstream(path) << text;
  std::filesystem::permissions(path, std::filesystem::perms(mode));
}

}  // namespace nslaunch::test
