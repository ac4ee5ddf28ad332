#pragma once

#include <filesystem>
#include <string>

#include "support/own_directory.hpp"
#include "support/process.hpp"

namespace nslaunch::test {

/// A directory of the test's own outside /tmp.
class HostDirectory : public OwnDirectory {
 public:
  HostDirectory() : OwnDirectory(made()) {}

 private:
  static std::string made() {
    auto path = "/var/tmp/nslaunch-test-" + unique_text();
    std::filesystem::create_directory(path);
    return path;
  }
};

}  // namespace nslaunch::test
