#pragma once

#include <filesystem>
#include <string>

#include "support/own_folder.hpp"
#include "support/process.hpp"

namespace nslaunch::test {

/// A folder of the test's own outside /tmp.
class HostFolder : public OwnFolder {
 public:
  HostFolder() : OwnFolder(made()) {}

 private:
  static std::string made() {
    auto path = "/var/tmp/nslaunch-test-" + unique_text();
    std::filesystem::create_directory(path);
    return path;
  }
};

}  // namespace nslaunch::test
