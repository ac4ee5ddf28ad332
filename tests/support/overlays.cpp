#include "support/overlays.hpp"

#include <sys/vfs.h>
#include <unistd.h>

#include "support/kernel.hpp"
#include "support/skip.hpp"

namespace nslaunch::test {

namespace {

bool have_users_overlays() {
  return has_kernel({6, 6});
}

}  // namespace

bool overlays_are_had() {
  return ::geteuid() == 0 || have_users_overlays();
}

void need_overlays() {
  if (::geteuid() != 0) need_overlays_for_users();
}

void need_overlays_for_users() {
  if (!have_users_overlays()) SKIP_TEST("an ordinary user's overlay needs Linux 6.6");
}

void need_room_for_changes(const std::string& directory) {
  struct statfs filesystem = {};
  constexpr decltype(filesystem.f_type) kOverlay = 0x794c7630;
  if (::statfs(directory.c_str(), &filesystem) == 0 && filesystem.f_type == kOverlay) {
    SKIP_TEST("the tests' directory lies on an overlayfs, which can't hold the changes of another");
  }
}

}  // namespace nslaunch::test
