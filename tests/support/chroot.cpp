#include "support/chroot.hpp"

#include <sys/mount.h>
#include <unistd.h>

#include <filesystem>

#include "support/identity.hpp"
#include "sys/base/check.hpp"

namespace nslaunch::test {

namespace fs = std::filesystem;

Chroot::Chroot() {
  for (const char* name : {"usr", "proc", "dev", "tmp", "etc", "state"}) fs::create_directory(root_ / name);
  fs::permissions(root_ / "state", fs::perms(0700));
  for (const char* name : {"bin", "lib", "lib64", "sbin"}) {
    if (fs::is_symlink("/" + std::string(name)))
      fs::create_symlink(fs::read_symlink("/" + std::string(name)), root_ / name);
  }
  fs::copy(nslaunch_binary(), root_ / "nslaunch");
  for (const char* name : {"/usr", "/proc", "/dev"}) {
    sys::check(::mount(name, (root_.path() + name).c_str(), nullptr, MS_BIND | MS_REC, nullptr), "binding {}",
               name);
  }
  sys::check(::mount(nullptr, "/", nullptr, MS_REC | MS_SHARED, nullptr), "sharing mounts");
}

Chroot::~Chroot() {
  for (const char* name : {"/usr", "/proc", "/dev"}) ::umount2((root_.path() + name).c_str(), MNT_DETACH);
}

StartOptions Chroot::options() const {
  StartOptions options;
  options.environment = {"NSLAUNCH_STATE_DIR=/state", "PATH=/usr/bin:/bin"};
  const auto path = root_.path();
  options.prepare = [path] {
    if (::chroot(path.c_str()) != 0 || ::chdir("/") != 0) ::_exit(97);
  };
  return options;
}

}  // namespace nslaunch::test
