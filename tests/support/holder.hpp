#pragma once

#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <string>

#include "support/host_directory.hpp"
#include "support/identity.hpp"
#include "support/skip.hpp"

namespace nslaunch::test {

/// Where its owner may mount a FUSE file system: root makes the device for those who may not open the
/// machine's.
class Holder {
 public:
  Holder() {
    ::chmod(ground_.path().c_str(), 0755);
    if (::geteuid() == 0) {
      device_ = ground_ / "fuse";
      constexpr unsigned kMisc = 10;
      constexpr unsigned kFuse = 229;
      if (::mknod(device_.c_str(), S_IFCHR, makedev(kMisc, kFuse)) != 0)
        SKIP_TEST("no device can be made here");
      ::chmod(device_.c_str(), 0666);
    }
  }

  /// To be heard by is_held(): says when it holds its memory, or what it executes ("hold-exec").
  std::string command(const std::string& act = "hold-memory", const std::string& what = "9926") const {
    return fmt::format("{} {} {} {}", probe_binary(), act, device_, what);
  }

  static bool is_held(const std::string& heard) {
    if (heard.starts_with("no: ")) SKIP_TEST(heard.c_str());
    return heard.starts_with("held");
  }

 private:
  static std::string find_device() {
    const std::string device = "/dev/fuse";
    if (::access(device.c_str(), R_OK | W_OK) != 0)
      SKIP_TEST("needs root, or a /dev/fuse that this user may open");
    return device;
  }

  std::string device_ = find_device();  // before the directory is made
  HostDirectory ground_;
};

}  // namespace nslaunch::test
