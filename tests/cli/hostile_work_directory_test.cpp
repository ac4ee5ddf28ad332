#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>

#include "support/hostile.hpp"
#include "support/live_shard.hpp"
#include "support/overlays.hpp"
#include "support/paused_launch.hpp"
#include "support/somebody.hpp"
#include "support/write_file.hpp"
#include "sys/files/directory.hpp"

// What a user moves into the directory that overlayfs works in, which root removes.
namespace nslaunch::test {
namespace {

namespace fs = std::filesystem;
using Catch::Matchers::Contains;

/// A launch whose view is there, and a directory of the user's where overlayfs works, as an rmdir(2) in the
/// view leaves one for a moment: he holds it, and has moved one of his directories into it that has root's in
/// it.
class MovedIn {
 public:
  MovedIn() {
    need_room_for_changes(user_.ground.path());
    user_.act([&] {
      fs::create_directory(user_.own + "/project");
      fs::create_directory(user_.own + "/moved");
    });
    fs::create_directory(user_.own + "/moved/roots");
    write_file(user_.own + "/moved/roots/precious", "text");
    launch_.emplace(in_shard("echo ran", user_.words({"--overlay", user_.own + "/project=" + keep_})),
                    user_.options(), "exec");
    REQUIRE(launch_->reached());
    for (const auto& entry : fs::directory_iterator(user_.own)) {
      if (entry.path().extension() == ".work") work_ = entry.path();
    }
    const auto busy = make_users("#1");
    user_.act([&] { ::renameat(AT_FDCWD, (user_.own + "/moved").c_str(), busy.fd(), "moved"); }, {busy.fd()});
    make_users("#2");
    REQUIRE(::mknod((work_ + "/work/work/#2/whiteout").c_str(), S_IFCHR, makedev(0, 0)) == 0);
    REQUIRE(precious_is_there());
  }

  PausedLaunch& launch() { return *launch_; }
  bool precious_is_there() const { return fs::exists(work_ + "/work/work/#1/moved/roots/precious"); }
  bool whiteouts_are_gone() const { return !fs::exists(work_ + "/work/work/#2"); }
  const std::string& work() const { return work_; }
  Result reap() const { return user_.registry.ask({"reap"}); }

 private:
  sys::Directory make_users(const std::string& name) const {
    const auto directory = sys::Directory::open(work_ + "/work/work").make(name, 0755);
    directory.set_owner(user_.uid, user_.gid);
    return sys::Directory::open(work_ + "/work/work/" + name);
  }

  Hostile user_;
  std::string keep_ = user_.own + "/keep";
  std::string work_;
  std::optional<PausedLaunch> launch_;
};

/// Which has a directory for changes of the user's in it, and lets everybody in.
std::string make_third_users_directory(const Hostile& user) {
  need_room_for_changes(user.ground.path());
  auto third = user.ground / "third";
  fs::create_directory(third);
  REQUIRE(::chown(third.c_str(), kSomebody, kSomebody) == 0);
  fs::permissions(third, fs::perms(0777));
  user.act([&] {
    fs::create_directory(user.own + "/project");
    fs::create_directory(third + "/keep");
  });
  return third;
}

}  // namespace

TEST_CASE(
    "what a user has moved to where overlayfs works is neither removed for him nor kept back in silence") {
  MovedIn moved;
  moved.launch().resume();
  const auto ended = moved.launch().process().wait();
  INFO(ended.err);
  CHECK(ended.status == 0);
  CHECK(ended.out == "ran\n");
  CHECK(moved.precious_is_there());
  CHECK(moved.whiteouts_are_gone());
  CHECK_THAT(ended.err, Contains(moved.work()) && Contains("nslaunch reap"));
  const auto reaped = moved.reap();
  CHECK_THAT(reaped.out + reaped.err, Contains(moved.work()));
  CHECK(moved.precious_is_there());
  fs::remove_all(moved.work() + "/work");
  CHECK(moved.reap().status == 0);
  CHECK_FALSE(fs::exists(moved.work()));
}

TEST_CASE("reap removes nothing that a user has moved to where a killed launcher's overlayfs worked") {
  MovedIn moved;
  moved.launch().process().send_signal(SIGKILL);
  REQUIRE(moved.launch().gone());
  const auto reaped = moved.reap();
  CHECK_THAT(reaped.out + reaped.err, Contains(moved.work()));
  CHECK(moved.precious_is_there());
  CHECK(moved.whiteouts_are_gone());
}

TEST_CASE("a user's link has root make nothing to work in where the user could not") {
  const Hostile user;
  const auto third = make_third_users_directory(user);
  fs::permissions(third, fs::perms(0755));
  user.act([&] { fs::create_symlink(third + "/keep", user.own + "/link"); });
  const auto ended = user.run_with({"--overlay", user.own + "/project=" + user.own + "/link"}, "echo ran");
  CHECK(ended.status == 125);
  CHECK_THAT(ended.err, Contains("which overlayfs works in: Permission denied"));
  CHECK(std::distance(fs::directory_iterator(third), {}) == 1);
}

TEST_CASE("what overlayfs works in beside a third user's directory is removed after a kill, too") {
  const Hostile user;
  const auto third = make_third_users_directory(user);
  LiveShard shard(user.registry, user.words({"--overlay", user.own + "/project=" + third + "/keep"}));
  REQUIRE(std::distance(fs::directory_iterator(third), {}) == 2);
  shard.launcher.send_signal(SIGKILL);
  shard.launcher.wait();
  CHECK(user.registry.ask({"reap"}).status == 0);
  CHECK(std::distance(fs::directory_iterator(third), {}) == 1);
}

}  // namespace nslaunch::test
