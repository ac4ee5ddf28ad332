#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "ns/mount.hpp"
#include "ns/overlay.hpp"
#include "support/host_directory.hpp"
#include "support/overlays.hpp"
#include "support/skip.hpp"
#include "support/write_file.hpp"

// K60, K62: the layers of a view that is there.
namespace nslaunch::test {
namespace {

namespace fs = std::filesystem;

/// A view of `low`, which has a closed directory, whose changes go to `up`.
struct View {
  View() {
    if (::geteuid() != 0) SKIP_TEST("needs root to mount something");
    need_room_for_changes(ground.path());
    for (const char* name : {"low", "low/secret", "work", "view"}) fs::create_directory(ground / name);
    fs::permissions(ground / "low/secret", fs::perms(0700));
    write_file(ground / "low/secret/file", "of root\n");
    const auto layer = [&](const char* name) { return sys::Directory::open(ground / name); };
    const auto lower = layer("low");
    const auto work = layer("work");
    const auto view = ns::make_view({lower.fd(), upper.fd(), work.fd()}, ns::Changes::kKept);
    ns::attach(view.get(), layer("view"));
  }
  View(const View&) = delete;
  View& operator=(const View&) = delete;
  ~View() { ::umount2((ground / "view").c_str(), MNT_DETACH); }

  const HostDirectory ground;
  const sys::Directory upper = sys::Directory::open_or_make(ground / "up", 0755);
};

}  // namespace

TEST_CASE("overlayfs merges a directory that appears in the upper layer with the closed one below it",
          "[system]") {
  const View view;
  fs::create_directory(view.ground / "up/secret");
  fs::permissions(view.ground / "up/secret", fs::perms(0755));
  struct stat status = {};
  REQUIRE(::stat((view.ground / "view/secret").c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0755);
  CHECK(fs::exists(view.ground / "view/secret/file"));
}

TEST_CASE("overlayfs merges a directory that has been moved below it with another's copy", "[system]") {
  const View view;
  fs::create_directory(view.ground / "low/open");
  write_file(view.ground / "view/open/new", "");
  fs::rename(view.ground / "low/open", view.ground / "low/away");
  fs::rename(view.ground / "low/secret", view.ground / "low/open");
  std::ofstream("/proc/sys/vm/drop_caches") << "2";
  CHECK(fs::exists(view.ground / "view/open/new"));
  CHECK(fs::exists(view.ground / "view/open/file"));
}

}  // namespace nslaunch::test
