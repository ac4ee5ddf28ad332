#pragma once

#include <string>

namespace nslaunch::test {

/// A folder that a test has made: gone with everything in it at the end of the scope, and also where the test
/// ends its process before (SKIP_TEST).
class OwnFolder {
 public:
  /// `path`: it is there.
  explicit OwnFolder(std::string path);
  OwnFolder(const OwnFolder&) = delete;
  OwnFolder& operator=(const OwnFolder&) = delete;
  ~OwnFolder();

  const std::string& path() const noexcept { return path_; }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

}  // namespace nslaunch::test
