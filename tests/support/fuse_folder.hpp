#pragma once

#include <sys/types.h>

#include <atomic>
#include <string>
#include <thread>

#include "sys/fd.hpp"

namespace nslaunch::test {

/// A FUSE mount of a user's, open to others, whose program shows an empty folder, mode 0755, in which
/// whatever is made is made. Ends the test as skipped where there is no FUSE. Gone at the end of the scope.
class FuseFolder {
 public:
  enum class Shows {
    kRoots,           ///< a folder of root's
    kOwn,             ///< one of the user's, and gives root no answer
    kRootsUnchecked,  ///< a folder of root's, of which the program alone decides who may read it
  };
  FuseFolder(const std::string& path, uid_t uid, gid_t gid, Shows shows = Shows::kRoots);
  FuseFolder(const FuseFolder&) = delete;
  FuseFolder& operator=(const FuseFolder&) = delete;
  ~FuseFolder();

  const std::string& path() const noexcept { return path_; }
  /// Whether root has made something there.
  bool was_changed_by_root() const noexcept { return changed_; }

 private:
  void serve();

  std::string path_;
  uid_t owner_;
  bool is_deaf_to_root_;
  sys::Fd device_;
  std::atomic<bool> changed_ = false;
  std::thread server_;
};

}  // namespace nslaunch::test
