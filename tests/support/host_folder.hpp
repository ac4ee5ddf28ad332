#pragma once

#include <filesystem>
#include <string>
#include <system_error>

#include "support/process.hpp"

namespace nslaunch::test {

/// A folder of the test's own outside /tmp.
class HostFolder {
 public:
  HostFolder() { std::filesystem::create_directory(path_); }
  HostFolder(const HostFolder&) = delete;
  HostFolder& operator=(const HostFolder&) = delete;
  ~HostFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  const std::string& path() const { return path_; }

 private:
  std::string path_ = "/var/tmp/nslaunch-test-" + unique_text();
};

}  // namespace nslaunch::test
