#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "support/fuse_directory.hpp"
#include "support/hostile.hpp"

// K65: mounts in directories that are called like fields of mountinfo.
namespace nslaunch::test {
namespace {

namespace fs = std::filesystem;
using Catch::Matchers::Contains;

/// Divided at any white space, a mount on ext4 without restrictions.
constexpr const char* kForged = "X\fY\frw\f-\fext4\vz\rrw";

/// For a child that is to be nslaunch: a directory of the user's on a mount that makes nothing of set-user-id
/// bits, with a program of root's that has one.
void mount_restricted(const Hostile& user, const std::string& place) {
  const bool is_there = ::unshare(CLONE_NEWNS) == 0 &&
                        ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
                        ::mount("none", place.c_str(), "tmpfs", MS_NOSUID | MS_NODEV, nullptr) == 0 &&
                        ::chown(place.c_str(), user.uid, user.gid) == 0;
  if (!is_there) ::_exit(97);
  fs::copy_file("/bin/true", place + "/su");
  fs::permissions(place + "/su", fs::perms(04755));
}

}  // namespace

TEST_CASE("a mount's name does not get a set-user-id program copied to where it counts") {
  const Hostile user;
  for (const auto& place : {user.ground / "mount", user.ground / kForged}) {
    fs::create_directory(place);
    const auto link = user.own + "/link";
    fs::remove(link);
    user.link(place, link);
    auto options = user.options();
    options.prepare = [&] { mount_restricted(user, place); };
    const auto keep = user.own + "/keep";
    const auto ended =
        run(in_shard("cd " + link + "; mv su copied", user.words({"--overlay", link + "=" + keep})), options);
    INFO(ended.err);
    CHECK(ended.status == 1);
    CHECK_THAT(ended.err, Contains("cannot move 'su'"));
    CHECK_FALSE(fs::exists(keep + "/copied"));
  }
}

TEST_CASE("a mount's name does not hide that a user's program shows what is there") {
  const Hostile user;
  for (const auto& place : {user.ground / "shown", user.ground / kForged}) {
    const FuseDirectory shown(place, user.uid, user.gid);
    user.link(place, user.own + "/link");
    const auto ended = user.run_with({"--overlay", user.own + "/link"}, "echo ran");
    fs::remove(user.own + "/link");
    INFO(ended.err);
    CHECK(ended.status == 125);
    CHECK(ended.out.empty());
    CHECK_THAT(ended.err, Contains("a file system that another user has mounted"));
  }
}

}  // namespace nslaunch::test
