#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <list>

#include "registry/reap/leftover_note.hpp"
#include "support/namespaces.hpp"
#include "support/process.hpp"
#include "support/registry_scene.hpp"
#include "support/skip.hpp"
#include "support/somebody.hpp"
#include "sys/base/check.hpp"
#include "sys/base/files.hpp"

// Notes of what lies where the next command can't see it or may not write, and of many launchers.

namespace nslaunch::test {
namespace {

namespace fs = std::filesystem;

using registry::LeftoverNote;

/// Announces a temporary file and makes it.
void leave(LeftoverNote& note, const std::string& path) {
  note.add(AT_FDCWD, path);
  write(path, "half a report");
}

}  // namespace

TEST_CASE("a note is kept while another mount namespace does not show what it names", "[system]") {
  if (::geteuid() != 0) SKIP_TEST("needs root to mount something");
  const StateDir dir;
  const TempDir directory;
  const auto inner = directory / "inner";
  fs::create_directory(inner);
  IdleProcess maker([&] {
    static LeftoverNote note;  // till this process ends
    sys::check(::unshare(CLONE_NEWNS), "unsharing");
    sys::check(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), "keeping mounts private");
    sys::check(::mount("none", inner.c_str(), "tmpfs", 0, nullptr), "mounting");
    leave(note, inner + "/.nslaunch-a.tmp");
    leave(note, directory / ".nslaunch-b.tmp");
  });
  maker.kill();
  CHECK(reap_shards(false).problems.empty());
  CHECK_FALSE(fs::exists(directory / ".nslaunch-b.tmp"));
  CHECK(dir.names().size() == 1);
  write(inner + "/.nslaunch-a.tmp", "");  // as if seen from there
  CHECK(reap_shards(false).problems.empty());
  CHECK(fs::is_empty(inner));
  CHECK(dir.names().empty());
}

TEST_CASE("what root has left in a directory whose owner may not write there is removed", "[system]") {
  if (::geteuid() != 0) SKIP_TEST("needs root to make something there");
  const StateDir dir;
  const TempDir directory;
  REQUIRE(::chown(directory.path().c_str(), kSomebody, kSomebody) == 0);
  fs::permissions(directory.path(), fs::perms(0555));
  IdleProcess maker([&] {
    static LeftoverNote note;
    leave(note, directory / ".nslaunch-a.tmp");
  });
  maker.kill();
  CHECK(reap_shards(false).problems.empty());
  CHECK(fs::is_empty(directory.path()));
  CHECK(dir.names().empty());
}

TEST_CASE("where a directory is can't be noted when the way to it is closed", "[system]") {
  if (::geteuid() == 0) SKIP_TEST("needs an ordinary user: root may go everywhere");
  const StateDir dir;
  const TempDir directory;
  fs::create_directory(directory / "open");
  const auto place = sys::open_file(directory / "open", O_PATH | O_DIRECTORY);
  LeftoverNote note;
  CHECK(note.add(place.get(), ".nslaunch-a.tmp"));
  fs::permissions(directory.path(), fs::perms(0));
  const bool is_noted = note.add(place.get(), ".nslaunch-b.tmp");
  fs::permissions(directory.path(), fs::perms(0700));
  CHECK_FALSE(is_noted);
}

TEST_CASE("where a registry takes nothing it is not said that what is made is noted", "[system]") {
  const StateDir dir;
  const TempDir directory;
  LeftoverNote note;
  CHECK(note.add(AT_FDCWD, directory / ".nslaunch-a.tmp"));
  rlimit before = {};
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
  const rlimit none = {0, before.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &none) == 0);
  const bool is_noted = note.add(AT_FDCWD, directory / ".nslaunch-b.tmp");
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &before) == 0);
  CHECK_FALSE(is_noted);
}

TEST_CASE("the notes of many live launchers do not keep what a dead one has left", "[system]") {
  constexpr int kMany = 512;
  const StateDir dir;
  const TempDir directory;
  IdleProcess living([&] {
    static std::list<LeftoverNote> notes;
    for (int count = 0; count < kMany; ++count)
      notes.emplace_back().add(AT_FDCWD, fmt::format("{}/.nslaunch-{}.tmp", directory.path(), count));
  });
  IdleProcess dead([&] {
    static LeftoverNote note;
    leave(note, directory / ".nslaunch-a.tmp");
  });
  REQUIRE(dir.names().size() == kMany + 1);
  dead.kill();
  registry::sweep();
  CHECK(dir.names().size() == kMany);
  CHECK(fs::is_empty(directory.path()));
}

TEST_CASE("one launch removes all that a large fleet has left", "[system]") {
  constexpr int kMany = 100;
  const StateDir dir;
  const TempDir directory;
  IdleProcess fleet([&] {
    static std::list<LeftoverNote> notes;
    for (int count = 0; count < kMany; ++count)
      leave(notes.emplace_back(), fmt::format("{}/.nslaunch-{}.tmp", directory.path(), count));
  });
  fleet.kill();
  registry::sweep();
  CHECK(dir.names().empty());
  CHECK(fs::is_empty(directory.path()));
}

}  // namespace nslaunch::test
