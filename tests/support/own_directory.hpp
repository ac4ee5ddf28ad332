#pragma once

#include <string>

namespace nslaunch::test {

/// A directory that a test has made: gone with everything in it at the end of the scope, and also where the
/// test ends its process before (SKIP_TEST).
class OwnDirectory {
 public:
  /// `path`: it is there.
  explicit OwnDirectory(std::string path);
  OwnDirectory(const OwnDirectory&) = delete;
  OwnDirectory& operator=(const OwnDirectory&) = delete;
  ~OwnDirectory();

  const std::string& path() const noexcept { return path_; }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

}  // namespace nslaunch::test
