#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "support/hostile.hpp"

// A hostile user's directory as /tmp.
namespace nslaunch::test {
namespace {

namespace fs = std::filesystem;
using Catch::Matchers::Contains;

}  // namespace

TEST_CASE("a user's link gives the shard no directory of root's as /tmp") {
  Hostile user;
  user.link(user.victim, user.own + "/t");
  user.link("/tmp/" + unique_text(), user.own + "/command");
  for (const auto mode : {mode_t{0755}, mode_t{01777}}) {
    user.victims_mode = mode;
    fs::permissions(user.victim, fs::perms(mode));
    const auto made = user.run_with({"--private", "/tmp/made", "--tmp", user.own + "/t"}, "echo ran");
    CAPTURE(mode, made.err);
    CHECK(made.status == 125);
    CHECK(made.out.empty());
    CHECK(user.victim_is_untouched());
    const auto ended =
        run(nslaunch(user.words({"--tmp", user.own + "/t", "--", user.own + "/command"})), user.options());
    CAPTURE(ended.err);
    CHECK(ended.status == 125);
    CHECK(user.victim_is_untouched());
  }
}

TEST_CASE("below a directory of a user's that is /tmp all is made as that user") {
  const Hostile user;
  user.act([&] {
    fs::create_directory(user.own + "/t");
    fs::create_symlink(user.victim, user.own + "/t/way");
  });
  const auto directory = fs::temp_directory_path() / unique_text();
  fs::create_directory(directory);
  fs::permissions(directory, fs::perms(0755));
  const auto name = directory.filename().string();
  const auto ended = user.run_with({"--tmp", user.own + "/t", "--keep", directory, "--private", "/tmp/mine"},
                                   "echo x > /tmp/mine/x && echo ran");
  fs::remove_all(directory);
  INFO(ended.err);
  CHECK(ended.out == "ran\n");
  CHECK(owner_of(user.own + "/t/" + name) == user.uid);
  CHECK(owner_of(user.own + "/t/mine") == user.uid);
  const auto by_link = user.run_with({"--tmp", user.own + "/t", "--private", "/tmp/way/below"}, "echo ran");
  CHECK(by_link.status == 125);
  CHECK(user.victim_is_untouched());
}

TEST_CASE("root gives a user a directory as /tmp by naming one that this user can write to") {
  const Hostile user;
  const auto refused = user.run_with({"--tmp", user.victim}, "echo ran");
  CHECK(refused.status == 125);
  CHECK_THAT(refused.err, Contains("--tmp"));
  fs::permissions(user.victim, fs::perms(01777));
  const auto ended = user.run_with({"--tmp", user.victim}, "echo x > /tmp/x && echo ran");
  INFO(ended.err);
  CHECK(ended.out == "ran\n");
  CHECK(owner_of(user.victim + "/x") == user.uid);
}

}  // namespace nslaunch::test
