#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "support/fuse_folder.hpp"
#include "support/hostile.hpp"
#include "support/overlays.hpp"
#include "support/paused_launch.hpp"
#include "support/write_file.hpp"

// Where root keeps what a hostile user's command changes in an overlay.
namespace nslaunch::test {
namespace {

namespace fs = std::filesystem;
using Catch::Matchers::Contains;

/// Whether a file can be made in `folder` now.
bool plants(const Hostile& user, const std::string& folder) {
  user.act([&] {
    const sys::Fd file(::open((folder + "/planted").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
  });
  return fs::exists(folder + "/planted");
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

TEST_CASE("nothing that a user puts into a new folder for changes shows in the place of what is root's") {
  const Hostile user;
  need_room_for_changes(user.ground.path());
  fs::permissions(user.victim, fs::perms(0755));
  const auto keep = user.ground / "new/keep";
  PausedLaunch launch(in_shard("ls -A " + user.victim, user.words({"--overlay", user.victim + "=" + keep})),
                      user.options(), "overlay");
  REQUIRE(launch.reached());
  CHECK(owner_of(keep) == 0);
  CHECK(owner_of(user.ground / "new") == 0);
  CHECK_FALSE(plants(user, keep));
  launch.resume();
  const auto ended = launch.process().wait();
  INFO(ended.err);
  CHECK(ended.status == 0);
  CHECK(ended.out.empty());
  CHECK_FALSE(plants(user, keep));
  CHECK(owner_of(keep) == 0);
}

TEST_CASE("what has come into a folder for changes since it was looked at is no view's") {
  const Hostile user;
  need_room_for_changes(user.ground.path());
  user.act([&] { fs::create_directory(user.own + "/project"); });
  const auto keep = user.own + "/keep";
  PausedLaunch launch(in_shard("echo ran", user.words({"--overlay", user.own + "/project=" + keep})),
                      user.options(), "overlay");
  REQUIRE(launch.reached());
  CHECK(plants(user, keep));
  launch.resume();
  const auto ended = launch.process().wait();
  INFO(ended.err);
  CHECK(ended.status == 125);
  CHECK(ended.out.empty());
}

TEST_CASE("a user's links decide neither which of root's folders is covered nor where changes are kept") {
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

TEST_CASE("a user's own folder keeps no changes of what is root's, though he can't write to it just now") {
  const Hostile user;
  user.act([&] { fs::permissions(user.own, fs::perms(0555)); });
  const auto ended = user.run_with({"--overlay", user.victim + "=" + user.own}, "echo ran");
  INFO(ended.err);
  CHECK(ended.status == 125);
  CHECK(ended.out.empty());
  CHECK(owner_of(user.own) == user.uid);
}

TEST_CASE("what others can write to is not covered for a user where the changes are kept") {
  const Hostile user;
  fs::permissions(user.victim, fs::perms(01777));
  const auto ended = user.run_with({"--overlay", user.victim + "=" + user.ground / "keep"}, "echo ran");
  INFO(ended.err);
  CHECK(ended.status == 125);
  CHECK(ended.out.empty());
  CHECK_THAT(ended.err, Contains("others can write"));
  CHECK(user.run_with({"--overlay", user.victim}, "echo ran").out == "ran\n");
}

TEST_CASE("what only a server decides who may read is not covered for a user: it would be asked for root") {
  const Hostile user;
  const auto refusal = [&](const char* name, FuseFolder::Shows shows) {
    const FuseFolder served(user.ground / name, 0, 0, shows);
    const auto ended = user.run_with({"--overlay", served.path()}, "echo ran");
    CHECK(ended.out == (ended.status == 0 ? "ran\n" : ""));
    return ended.err;
  };
  CHECK_THAT(
      refusal("unchecked", FuseFolder::Shows::kRootsUnchecked),
      Contains("a server decides who may read what is there") && Contains("or run nslaunch as that user"));
  CHECK_THAT(refusal("checked", FuseFolder::Shows::kRoots), !Contains("a server decides"));
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
  CHECK(owner_of(user.ground / "new") == 0);
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

TEST_CASE("a file system of the kernel's is not covered for a user: it would take who reads there for root") {
  const Hostile user;
  const auto own_mount = user.ground / "mount";
  fs::create_directory(own_mount);
  const auto cover = [&](const char* type) {
    auto options = user.options();
    options.prepare = [&] { mount_apart(own_mount, type, 0); };
    return run(in_shard("echo ran", user.words({"--overlay", user.own + "/link"})), options);
  };
  user.link(own_mount, user.own + "/link");
  for (const char* type : {"sysfs", "proc", "devpts", "mqueue", "devtmpfs"}) {
    const auto ended = cover(type);
    CAPTURE(type, ended.err);
    CHECK(ended.status == 125);
    CHECK(ended.out.empty());
    CHECK_THAT(ended.err, Contains(type) && Contains("or run nslaunch as that user"));
  }
  CHECK(cover("tmpfs").out == "ran\n");
}

TEST_CASE("changes of what a mount keeps from having rights are kept where that is so, too") {
  const Hostile user;
  for (const char* name : {"strict", "loose", "again"}) fs::create_directory(user.ground / name);
  const auto ask = [&](unsigned long covered, unsigned long keeping, const std::string& keep) {
    auto options = user.options();
    options.prepare = [&] {
      mount_apart(user.ground / "strict", "tmpfs", covered, "mode=0755");
      mount_apart(user.ground / "loose", "tmpfs", keeping, "mode=0755");
      const auto again = user.ground / "again";
      const auto flags = MS_BIND | MS_REMOUNT | covered;
      if (::mount((user.ground / "loose").c_str(), again.c_str(), nullptr, MS_BIND, nullptr) != 0 ||
          ::mount(nullptr, again.c_str(), nullptr, flags, nullptr) != 0)
        ::_exit(97);
    };
    const auto overlay = user.ground / "strict=" + user.ground / keep;
    return run(in_shard("echo ran", user.words({"--overlay", overlay})), options);
  };
  const std::pair<unsigned long, const char*> kinds[] = {
      {MS_NOSUID, "nosuid"}, {MS_NODEV, "nodev"}, {MS_NOEXEC, "noexec"}};
  for (const auto& [flag, name] : kinds) {
    // The second way there forbids it, the first does not.
    for (const char* keep : {"loose/keep", "again/keep"}) {
      const auto ended = ask(flag, 0, keep);
      CAPTURE(name, keep, ended.err);
      CHECK(ended.status == 125);
      CHECK(ended.out.empty());
      CHECK_THAT(ended.err, Contains(name));
    }
    CHECK(ask(flag, flag, "loose/keep").out == "ran\n");
    CHECK(ask(0, flag, "loose/keep").out == "ran\n");
  }
}

TEST_CASE(
    "a folder that is reached by a mount with other rights since it was looked at is no layer of a view") {
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
