#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "support/access_list.hpp"
#include "support/fuse_directory.hpp"
#include "support/hostile.hpp"
#include "support/overlays.hpp"
#include "support/paused_launch.hpp"
#include "support/write_file.hpp"

// Where root keeps what a hostile user's command changes in an overlay.
namespace nslaunch::test {
namespace {

namespace fs = std::filesystem;
using Catch::Matchers::Contains;

/// Whether a file can be made in `directory` now.
bool plants(const Hostile& user, const std::string& directory) {
  user.act([&] {
    const sys::Fd file(::open((directory + "/planted").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
  });
  return fs::exists(directory + "/planted");
}

/// In a child that is to be nslaunch, and for it alone; what is mounted belongs to root.
void mount_apart(const std::string& place, const char* type, unsigned long flags,
                 const char* options = nullptr) {
  const bool is_there = ::unshare(CLONE_NEWNS) == 0 &&
                        ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
                        ::mount("none", place.c_str(), type, flags, options) == 0;
  if (!is_there) ::_exit(97);
}

/// Root's, nosuid and for all to see.
struct Tmpfs {
  explicit Tmpfs(const std::string& where) : path(where) {
    fs::create_directory(path);
    REQUIRE(::mount("none", path.c_str(), "tmpfs", MS_NOSUID, "mode=0755") == 0);
  }
  Tmpfs(const Tmpfs&) = delete;
  Tmpfs& operator=(const Tmpfs&) = delete;
  ~Tmpfs() {
    while (::umount2(path.c_str(), MNT_DETACH) == 0) continue;
  }
  const std::string path;
};

}  // namespace

TEST_CASE("what has come into a directory for changes since it was looked at is no view's") {
  const Hostile user;
  need_room_for_changes(user.ground.path());
  user.act([&] { fs::create_directory(user.own + "/project"); });
  for (const auto& keep : {user.own + "/keep", user.ground / "new/keep"}) {
    PausedLaunch launch(in_shard("echo ran", user.words({"--overlay", user.own + "/project=" + keep})),
                        user.options(), "overlay");
    REQUIRE(launch.reached());
    CHECK(plants(user, keep));
    launch.resume();
    const auto ended = launch.process().wait();
    CAPTURE(keep, ended.err);
    CHECK(ended.status == 125);
    CHECK(ended.out.empty());
  }
}

TEST_CASE("a user's links do not have changes kept in a directory of root's, whatever is covered") {
  const Hostile user;
  need_room_for_changes(user.ground.path());
  const auto other = user.ground / "other";
  fs::create_directory(other);
  user.link(other, user.own + "/of-root");
  user.act([&] { fs::create_directory(user.own + "/project"); });
  user.link(user.victim, user.own + "/out");
  fs::permissions(user.victim, fs::perms(0711));
  for (const auto& covered : {user.own + "/of-root", user.own + "/project"}) {
    for (const auto* mode : {"", "/changes"}) {
      const auto ended = user.run_with({"--overlay", covered + "=" + user.own + "/out" + mode}, "echo ran");
      CAPTURE(covered, mode, ended.err);
      CHECK(ended.status == 125);
      CHECK(ended.out.empty());
      CHECK(user.victim_is_untouched());
    }
  }
}

TEST_CASE("a user's link gives that user no directory of root's for the changes of root's own command") {
  const Hostile user;
  need_room_for_changes(user.ground.path());
  user.act([&] { fs::create_directory(user.own + "/project"); });
  user.link(user.victim, user.own + "/out");
  const auto keep_in = [&](const std::string& directory) {
    const auto overlay = user.own + "/project=" + user.own + directory;
    return run(in_shard("echo ran", {"--overlay", overlay}), user.options());
  };
  const auto refused = keep_in("/out");
  CHECK(refused.status == 125);
  CHECK_THAT(refused.err, Contains("somebody else may have put it there") && Contains("Name a new one"));
  CHECK(user.victim_is_untouched());
  // As advised, and behind such a link.
  for (const auto* directory : {"/new", "/out/new"}) {
    CHECK(keep_in(directory).out == "ran\n");
    CHECK(owner_of(user.own + directory) == 0);
  }
}

TEST_CASE("what a user's directory hands down opens no changes of root's own command") {
  const Hostile user;
  need_room_for_changes(user.ground.path());
  const bool by_list = GENERATE(false, true);
  constexpr AccessList kAll = {.owner = 7, .user = 7, .group = 7, .others = 5};
  if (by_list && !set_access_list(user.own, user.uid, kAll, "system.posix_acl_default"))
    SKIP_TEST("files have no access control lists here");
  if (!by_list) user.act([&] { fs::permissions(user.own, fs::perms(02755)); });
  const auto closed = user.ground / "closed";
  fs::create_directory(closed);
  fs::permissions(closed, fs::perms(0750));
  const auto keep = user.own + "/new";
  const auto script = "echo secret >" + closed + "/file";
  CHECK(run(in_shard(script, {"--overlay", closed + "=" + keep}), user.options()).status == 0);
  struct stat status = {};
  REQUIRE(::stat(keep.c_str(), &status) == 0);
  CHECK(status.st_uid == 0);
  CHECK(status.st_gid == 0);
  CHECK((status.st_mode & 07777) == 0700);
}

TEST_CASE("a user's link to what root's own command is to see changes no directory of root's") {
  const Hostile user;
  need_room_for_changes(user.ground.path());
  user.act([&] {
    fs::create_directory(user.own + "/open");
    fs::permissions(user.own + "/open", fs::perms(0777));
  });
  user.link(user.own + "/open", user.own + "/covered");
  for (const auto& keep : {user.victim, user.ground / "new"}) {
    const auto ended =
        run(in_shard("echo ran", {"--overlay", user.own + "/covered=" + keep}), user.options());
    INFO(ended.err);
    CHECK(ended.out == "ran\n");
    CHECK(owner_of(keep) == 0);
    CHECK((fs::status(keep).permissions() & fs::perms(022)) == fs::perms::none);
  }
  CHECK(user.victim_is_untouched());
}

TEST_CASE(
    "changes of root's own command have the covered directory's owner and mode where root alone has chosen "
    "both") {
  const Hostile user;
  need_room_for_changes(user.ground.path());
  user.act([&] { fs::permissions(user.own, fs::perms(0750)); });
  const auto keep = user.ground / "keep";
  CHECK(run(in_shard("true", {"--overlay", user.own + "=" + keep}), user.options()).status == 0);
  CHECK(owner_of(keep) == user.uid);
  CHECK((fs::status(keep).permissions() & fs::perms::mask) == fs::perms(0750));
}

TEST_CASE("root keeps what a user's command changes in the user's own project, wherever root can") {
  const Hostile user;
  need_room_for_changes(user.ground.path());
  user.act([&] { fs::create_directory(user.own + "/project"); });
  for (const auto& keep : {user.ground / "new/keep", user.own + "/new/keep"}) {
    const auto ended = user.run_with({"--overlay", user.own + "/project=" + keep},
                                     "cd " + user.own + "/project; echo x > file");
    CAPTURE(keep, ended.err);
    CHECK(ended.status == 0);
    CHECK(owner_of(keep) == user.uid);
    CHECK(owner_of(keep + "/file") == user.uid);
  }
  CHECK(fs::is_empty(user.own + "/project"));
}

TEST_CASE("a view lets no set-uid program gain rights that the mount for its changes keeps from that") {
  const Hostile user;
  const auto mount = user.ground / "mount";
  fs::create_directory(mount);
  auto options = user.options();
  options.prepare = [&] { mount_apart(mount, "tmpfs", MS_NOSUID, "mode=0755"); };
  user.act([&] { fs::create_directory(user.own + "/project"); });
  const auto view = user.own + "/project";
  const auto script = "grep ' " + view + " ' /proc/self/mountinfo";
  const auto ended = run(in_shard(script, user.words({"--overlay", view + "=" + mount + "/keep"})), options);
  INFO(ended.err);
  CHECK_THAT(ended.out, Contains("nosuid"));
}

TEST_CASE(
    "a directory that is reached by a mount with other rights since it was looked at is no layer of a view") {
  const Hostile user;
  const Tmpfs mount(user.ground / "mount");
  user.act([&] { fs::create_directory(user.own + "/project"); });
  const auto overlay = user.own + "/project=" + mount.path + "/keep";
  PausedLaunch launch(in_shard("echo ran", user.words({"--overlay", overlay})), user.options(), "clone");
  REQUIRE(launch.reached());
  const auto* path = mount.path.c_str();
  REQUIRE(::mount(path, path, nullptr, MS_BIND, nullptr) == 0);
  REQUIRE(::mount(nullptr, path, nullptr, MS_REMOUNT | MS_BIND, nullptr) == 0);
  launch.resume();
  const auto ended = launch.process().wait();
  INFO(ended.err);
  CHECK(ended.status == 125);
  CHECK(ended.out.empty());
}

}  // namespace nslaunch::test
