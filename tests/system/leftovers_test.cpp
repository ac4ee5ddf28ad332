#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <optional>
#include <stdexcept>

#include "registry/reap/leftover_note.hpp"
#include "shard/plan/work_directory.hpp"
#include "support/awkward_name.hpp"
#include "support/process.hpp"
#include "support/registry_scene.hpp"
#include "support/skip.hpp"
#include "support/somebody.hpp"
#include "sys/base/check.hpp"
#include "sys/base/files.hpp"
#include "sys/files/directory.hpp"

namespace {

namespace fs = std::filesystem;

using namespace nslaunch;
using Catch::Contains;
using test::IdleProcess;
using test::StateDir;
using test::TempDir;

/// A process that has announced a file and overlayfs's directory there, and has made them.
struct Maker {
  explicit Maker(const TempDir& directory)
      : process([&] {
          static registry::LeftoverNote note;  // till this process ends
          const int place = ::open(directory.path().c_str(), O_PATH | O_CLOEXEC);
          note.add(place, ".nslaunch-a.tmp");
          note.add(AT_FDCWD, directory / ".nslaunch-never-made.work");
          note.add(AT_FDCWD, directory / "precious");
          note.add(AT_FDCWD, directory / "link/.nslaunch-c.tmp");
          note.add(AT_FDCWD, directory / ".nslaunch-b.work");
          test::write(directory / ".nslaunch-a.tmp", "half a report");
          fs::create_directories(directory / ".nslaunch-b.work/work/deeper");
          note.made(sys::open_file(directory / ".nslaunch-b.work", O_PATH | O_DIRECTORY).get());
          test::write(directory / ".nslaunch-b.work/work/deeper/#1", "");
          fs::permissions(directory / ".nslaunch-b.work/work/deeper", fs::perms(0700));
          fs::permissions(directory / ".nslaunch-b.work/work", fs::perms(0));
          fs::permissions(directory / ".nslaunch-b.work", fs::perms(0700));  // as its maker makes it
        }) {
    test::write(directory / "precious", "");
    fs::create_directory(directory / "there");
    fs::create_symlink("there", directory / "link");
    test::write(directory / "there/.nslaunch-c.tmp", "");
    fs::create_symlink("../there", directory / ".nslaunch-b.work/link");
  }
  IdleProcess process;
};

std::set<std::string> names_in(const TempDir& directory) {
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(directory.path())) names.insert(entry.path().filename());
  return names;
}

/// That reap says so, and what to do, and keeps the note.
void check_told(const StateDir& dir, const std::string& text) {
  const auto problems = reap_shards(false).problems;
  REQUIRE(problems.size() >= 1);
  CHECK_THAT(problems[0], Contains(text) && Contains("nslaunch reap"));
  CHECK(dir.names().size() == 1);
}

}  // namespace

TEST_CASE("what a killed launcher has left elsewhere is removed, and nothing else", "[system]") {
  const StateDir dir;
  const TempDir directory;
  Maker maker(directory);
  reap_shards(false);
  CHECK(names_in(directory).size() == 5);
  CHECK(dir.names().size() == 1);
  CHECK(test::list().empty());
  maker.process.kill();
  SECTION("by reaping") {
    CHECK(reap_shards(false).problems.empty());
  }
  SECTION("by a launch") {
    test::sweep_unhurried();
  }
  CHECK(names_in(directory) == std::set<std::string>{"precious", "there", "link"});
  CHECK(fs::exists(directory / "there/.nslaunch-c.tmp"));
  CHECK(dir.names().empty());
}

TEST_CASE("a note goes with its process, and so does what it names", "[system]") {
  const StateDir dir;
  const TempDir directory;
  {
    registry::LeftoverNote note;
    CHECK(note.descriptors().empty());
    note.add(AT_FDCWD, directory / ".nslaunch-a.tmp");
    CHECK(note.descriptors().size() == 2);
    test::write(directory / ".nslaunch-a.tmp", "");
    CHECK(dir.names().size() == 1);
  }
  CHECK(dir.names().empty());
  CHECK(names_in(directory).empty());
}

TEST_CASE("a directory that another user has put in the place of what was left is none of root's",
          "[system]") {
  if (::geteuid() != 0) SKIP_TEST("needs root to give a file away");
  const StateDir dir;
  const TempDir directory;
  Maker(directory).process.kill();
  for (const char* name : {".nslaunch-a.tmp", ".nslaunch-b.work"})
    REQUIRE(::chown((directory / name).c_str(), 54321, 54321) == 0);
  check_told(dir, directory / ".nslaunch-b.work: Directory not empty");
  CHECK(fs::exists(directory / ".nslaunch-b.work"));
  CHECK_FALSE(fs::exists(directory / ".nslaunch-a.tmp"));  // a report that was to replace that user's
}

TEST_CASE(
    "whatever has been put in the place of a directory that was left stays, and only that directory is "
    "removed",
    "[system]") {
  const StateDir dir;
  const TempDir directory;
  Maker(directory).process.kill();
  fs::rename(directory / ".nslaunch-b.work", directory / "moved");
  fs::create_directories(directory / "data/below");
  fs::rename(directory / "data", directory / ".nslaunch-b.work");
  check_told(dir, directory / ".nslaunch-b.work: Directory not empty");
  CHECK(fs::exists(directory / ".nslaunch-b.work/below"));
  fs::remove_all(directory / ".nslaunch-b.work");
  CHECK(reap_shards(false).problems.empty());
  CHECK(dir.names().empty());
  fs::permissions(directory / "moved/work", fs::perms(0700));
}

TEST_CASE("what overlayfs was to work in is removed after a kill before it is noted which directory that is",
          "[system]") {
  const bool is_for_user = GENERATE(false, true);
  const bool is_in_users_place = GENERATE(false, true);
  if (is_in_users_place && !is_for_user) return;
  if (is_for_user && ::geteuid() != 0) SKIP_TEST("needs root to work as another user");
  const StateDir dir;
  const TempDir directory;
  if (is_in_users_place) REQUIRE(::chown(directory.path().c_str(), test::kSomebody, test::kSomebody) == 0);
  IdleProcess maker([&] {
    static registry::LeftoverNote note;  // till this process ends
    const sys::BeforeMaking until_made = [](int place, const std::string& name) {
      if (name.empty()) throw std::runtime_error("is killed here");
      return note.add(place, name);
    };
    const UserIds user{test::kSomebody, test::kSomebody, {}};
    const auto keeping = sys::Directory::open(directory.path()).make("changes", 0700);
    CHECK_THROWS(
        shard::WorkDirectory(keeping, ".nslaunch-a.work", until_made, {is_for_user ? &user : nullptr}));
  });
  REQUIRE(names_in(directory).contains(".nslaunch-a.work"));
  maker.kill();
  CHECK(reap_shards(false).problems.empty());
  CHECK(names_in(directory) == std::set<std::string>{"changes"});
  CHECK(dir.names().empty());
}

TEST_CASE("what overlayfs works in is root's only where nobody else can put something in its place",
          "[system]") {
  if (::geteuid() != 0) SKIP_TEST("needs root to work as another user");
  const TempDir directory;
  const auto mode = GENERATE(0755, 0775, 01777);
  REQUIRE(::chown(directory.path().c_str(), 0, test::kSomebody) == 0);
  fs::permissions(directory.path(), fs::perms(static_cast<unsigned>(mode)));
  const auto keeping = sys::Directory::open(directory.path()).make("changes", 0700);
  keeping.set_owner(test::kSomebody, test::kSomebody);
  const UserIds user{test::kSomebody, test::kSomebody, {}};
  const shard::WorkDirectory work(keeping, ".nslaunch-a.work", {},
                                  {.user = &user, .is_in_roots_place = true});
  CAPTURE(mode);
  CHECK(work.directory().status().st_uid == (mode == 0775 ? test::kSomebody : 0));
}

TEST_CASE("what overlayfs works in where only a group of the user's may go is removed after a kill",
          "[system]") {
  if (::geteuid() != 0) SKIP_TEST("needs root to work as another user");
  constexpr gid_t kGroup = 54321;
  const StateDir dir;
  const TempDir directory;
  const auto mode = GENERATE(0775, 0770, 02770);
  REQUIRE(::chown(directory.path().c_str(), 0, kGroup) == 0);
  REQUIRE(::chmod(directory.path().c_str(), static_cast<mode_t>(mode)) == 0);
  IdleProcess maker([&] {
    static registry::LeftoverNote note;  // both till this process ends
    static std::optional<shard::WorkDirectory> work;
    const UserIds user{test::kSomebody, test::kSomebody, {kGroup}};
    const auto keeping = sys::Directory::open(directory.path()).make("changes", 0700);
    keeping.set_owner(test::kSomebody, test::kSomebody);
    work.emplace(keeping, ".nslaunch-a.work", note.hook(),
                 shard::WorkDirectory::For{.user = &user, .is_in_roots_place = true});
    work->directory().open_below("work").make("#1", 0700).set_owner(test::kSomebody, test::kSomebody);
  });
  REQUIRE(names_in(directory).contains(".nslaunch-a.work"));
  maker.kill();
  CAPTURE(mode);
  CHECK(reap_shards(false).problems.empty());
  CHECK(names_in(directory) == std::set<std::string>{"changes"});
  CHECK(dir.names().empty());
}

TEST_CASE("what was left where nothing can be removed is told by reap, with what to do", "[system]") {
  if (::geteuid() == 0) SKIP_TEST("needs an ordinary user: root may write everywhere");
  const StateDir dir;
  const TempDir directory;
  Maker(directory).process.kill();
  fs::permissions(directory.path(), fs::perms(0500));
  check_told(dir, directory / ".nslaunch-a.tmp: Permission denied");
  fs::permissions(directory.path(), fs::perms(0700));
  CHECK(reap_shards(false).problems.empty());
  CHECK(dir.names().empty());
}

TEST_CASE("what is mounted in a directory that was left stays, and is told of", "[system]") {
  if (::geteuid() != 0) SKIP_TEST("needs root to mount something");
  const StateDir dir;
  const TempDir directory;
  Maker maker(directory);
  maker.process.kill();
  const auto target = directory / ".nslaunch-b.work/work/deeper";
  REQUIRE(::mount((directory / "there").c_str(), target.c_str(), nullptr, MS_BIND, nullptr) == 0);
  const auto problems = reap_shards(false).problems;
  CHECK(fs::exists(directory / "there/.nslaunch-c.tmp"));
  REQUIRE(::umount2(target.c_str(), MNT_DETACH) == 0);
  REQUIRE(problems.size() == 1);
  CHECK_THAT(problems[0], Contains(directory / ".nslaunch-b.work"));
  CHECK(reap_shards(false).problems.empty());
  CHECK(names_in(directory) == std::set<std::string>{"precious", "there", "link"});
}

TEST_CASE("a directory that was left where no file has a birth time is told of while there is anything in it",
          "[system]") {
  if (::geteuid() != 0) SKIP_TEST("needs root to mount something");
  const StateDir dir;
  const TempDir directory;
  REQUIRE(::mount("none", directory.path().c_str(), "ramfs", 0, nullptr) == 0);
  Maker(directory).process.kill();
  check_told(dir, directory / ".nslaunch-b.work: Directory not empty");
  fs::remove_all(directory / ".nslaunch-b.work/work");
  fs::remove(directory / ".nslaunch-b.work/link");
  CHECK(reap_shards(false).problems.empty());
  CHECK(names_in(directory) == std::set<std::string>{"precious", "there", "link"});
  CHECK(dir.names().empty());
  CHECK(::umount2(directory.path().c_str(), MNT_DETACH) == 0);
}

TEST_CASE("a note of a writer that was killed while it wrote is removed, a newer one is not", "[system]") {
  const StateDir dir;
  const TempDir directory;
  { const auto makes_the_directory = test::publish(test::make_record("aaaa")); }
  test::write(directory / ".nslaunch-x.tmp", "");
  const auto path = (directory / ".nslaunch-x.tmp");
  test::write(dir / ".1.left", "");
  test::write(dir / ".2.left", "nslaunch-left 1 some-b");
  test::write(dir / ".3.left", "nslaunch-left 1 boot 1\n" + path);  // not a whole name
  test::write(dir / ".4.left", "nslaunch-left 2 boot 1\n" + path + '\0');
  reap_shards(false);
  CHECK(dir.names() == std::vector<std::string>{".4.left"});
  CHECK(fs::exists(path));
}
