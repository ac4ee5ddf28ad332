#pragma once

#include <string>

#include "support/process.hpp"
#include "support/temp_dir.hpp"

namespace nslaunch::test {

/// A root directory in which nslaunch runs: the machine's /usr, /proc and /dev, and the program. To be made
/// in a mount namespace of the test's own, where everything is shared as it is on a machine.
class Chroot {
 public:
  Chroot();
  Chroot(const Chroot&) = delete;
  Chroot& operator=(const Chroot&) = delete;
  ~Chroot();

  /// nslaunch in it, with a script in a shard.
  Words words(const std::string& script) const { return {"/nslaunch", "--", "sh", "-c", script}; }
  StartOptions options() const;
  std::string path() const { return root_.path(); }

 private:
  TempDir root_;
};

}  // namespace nslaunch::test
