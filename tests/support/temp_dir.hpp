#pragma once

#include <stdlib.h>

#include <filesystem>
#include <string>

#include "support/own_directory.hpp"
#include "sys/base/check.hpp"

namespace nslaunch::test {

/// A directory of the test's own (mode 0700) in /tmp.
class TempDir : public OwnDirectory {
 public:
  TempDir() : OwnDirectory(made()) {}

 private:
  static std::string made() {
    auto path = (std::filesystem::temp_directory_path() / "nslaunch-test-XXXXXX").string();
    if (::mkdtemp(path.data()) == nullptr) sys::check(-1, "making {}", path);
    return path;
  }
};

}  // namespace nslaunch::test
