#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "support/fuse_folder.hpp"
#include "support/hostile.hpp"

// What a hostile user can make look like root's own way.
namespace nslaunch::test {

namespace fs = std::filesystem;

TEST_CASE("a link of root's that a user has moved into a sticky folder is no way of root's") {
  const Hostile user;
  fs::permissions(user.victim, fs::perms(0711));
  const auto made_by_root = user.own + "/link";
  fs::create_symlink(user.victim, made_by_root);
  const auto moved = user.ground / "sticky/link";
  fs::create_directory(user.ground / "sticky");
  fs::permissions(user.ground / "sticky", fs::perms(01777));
  user.act([&] { fs::rename(made_by_root, moved); });
  struct stat status = {};
  REQUIRE(::lstat(moved.c_str(), &status) == 0);
  REQUIRE(status.st_uid == 0);
  const auto ended = user.run_with({"--artifacts", moved + "/new"}, "echo ran");
  INFO(ended.err);
  CHECK(ended.status == 125);
  CHECK(ended.out.empty());
  CHECK(user.victim_is_untouched());
}

TEST_CASE("a folder that a user's program shows as root's is no way of root's") {
  const Hostile user;
  const FuseFolder shown(user.ground / "shown", user.uid, user.gid);
  const auto ended = user.run_with({"--artifacts", shown.path() + "/new"}, "echo ran");
  INFO(ended.err);
  CHECK(ended.status == 125);
  CHECK(ended.out.empty());
  CHECK_FALSE(shown.was_changed_by_root());
}

TEST_CASE("a user's program that shows files and does not answer root keeps nobody waiting") {
  const Hostile user;
  const FuseFolder deaf(user.ground / "deaf", user.uid, user.gid, FuseFolder::Shows::kOwn);
  user.link(deaf.path(), user.own + "/link");
  const std::vector<Words> all = {{"--artifacts", deaf.path()},
                                  {"--artifacts", deaf.path() + "/new"},
                                  {"--artifacts", user.own + "/link/new"},
                                  {"--private", deaf.path()},
                                  {"--tmp", deaf.path()},
                                  {"--keep", deaf.path()},
                                  {"--overlay", deaf.path()},
                                  {"--overlay", user.own + "=" + deaf.path() + "/new"}};
  for (const auto& options : all) {
    const auto ended = user.run_with(options, "echo ran");
    CAPTURE(options, ended.err);
    CHECK(ended.status == 125);
    CHECK(ended.out.empty());
    CHECK(ended.err.rfind("nslaunch: ", 0) == 0);
  }
}

}  // namespace nslaunch::test
