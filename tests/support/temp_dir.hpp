#pragma once

#include <stdlib.h>

#include <filesystem>
#include <string>
#include <system_error>

#include "sys/check.hpp"

namespace nslaunch::test {

/// A folder of the test's own (mode 0700), gone with everything in it at the end of the scope.
class TempDir {
 public:
  TempDir() : path_((std::filesystem::temp_directory_path() / "nslaunch-test-XXXXXX").string()) {
    if (::mkdtemp(path_.data()) == nullptr) sys::check(-1, "making {}", path_);
  }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  ~TempDir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  const std::string& path() const noexcept { return path_; }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

}  // namespace nslaunch::test
