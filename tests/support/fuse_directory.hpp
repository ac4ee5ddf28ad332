#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>

#include "sys/base/fd.hpp"

namespace nslaunch::test {

/// A FUSE mount of a user's, open to others, whose program shows an empty directory, mode 0755, in which
/// whatever is made is made. Ends the test as skipped where there is no FUSE. Gone at the end of the scope.
class FuseDirectory {
 public:
  enum class Shows {
    kRoots,           ///< a directory of root's
    kOwn,             ///< one of the user's, and gives root no answer
    kRootsUnchecked,  ///< a directory of root's, of which the program alone decides who may read it
    kNothing,         ///< nobody gets an answer
    /// A directory of root's in which what is looked for may not be (EPERM), and at the next look is a link
    /// to /proc/self/cwd.
    kLinkAtSecondLook,
  };
  FuseDirectory(const std::string& path, uid_t uid, gid_t gid, Shows shows = Shows::kRoots);
  FuseDirectory(const FuseDirectory&) = delete;
  FuseDirectory& operator=(const FuseDirectory&) = delete;
  ~FuseDirectory();

  const std::string& path() const noexcept { return path_; }
  /// Whether root has made something there.
  bool was_changed_by_root() const noexcept { return changed_; }

 private:
  void serve();
  bool is_deaf_to(uid_t user) const noexcept;
  void answer_request(std::uint32_t operation, std::uint64_t request, std::uint64_t inode, uid_t user);
  void answer_look(std::uint64_t request);

  std::string path_;
  uid_t owner_;
  Shows shows_;
  bool was_looked_for_ = false;
  sys::Fd device_;
  std::atomic<bool> changed_ = false;
  std::thread server_;
};

}  // namespace nslaunch::test
