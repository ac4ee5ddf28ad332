#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "support/hostile.hpp"
#include "support/somebody.hpp"
#include "support/temp_dir.hpp"

// Files that root names, and whose content a hostile user's command gets.
namespace nslaunch::test {
namespace {

namespace fs = std::filesystem;
using Catch::Matchers::Contains;

/// A file of root's alone.
std::string write_secret(const std::string& path) {
  std::ofstream(path) << "SECRET=secret\n";
  fs::permissions(path, fs::perms(0600));
  return path;
}

Result with_variables(const Hostile& user, const std::string& path) {
  return user.run_with({"--env-file", path}, "echo \"got $SECRET\"");
}

Result with_list(const Hostile& user, const std::string& path) {
  return run(nslaunch(user.words({"--each", path, "--output", "stream", "--", "echo", "got {}"})),
             user.options());
}

}  // namespace

TEST_CASE("a link of a user's gives that user's command no variables and no list that only root may read") {
  const Hostile user;
  const auto secret = write_secret(user.ground / "secret");
  user.link(secret, user.own + "/link");
  for (const auto& path : {secret, user.own + "/link"}) {
    const bool is_named_by_user = path != secret;
    for (const auto& ended : {with_variables(user, path), with_list(user, path)}) {
      CAPTURE(path, ended.err);
      CHECK((ended.out.find("secret") == std::string::npos) == is_named_by_user);
      CHECK(ended.status == (is_named_by_user ? 125 : 0));
      if (!is_named_by_user) continue;
      CHECK_THAT(ended.err, Contains(path + " ") && Contains("as user " + std::to_string(user.uid)) &&
                                Contains("Permission denied"));
    }
  }
}

TEST_CASE("a link of a user's gives that user's command nothing of the process that reads for root") {
  const Hostile user;
  const auto target =
      GENERATE(as<std::string>(), "/proc/self/maps", "/proc/self/stat", "/proc/keys", "/dev/tty");
  CAPTURE(target);
  user.link(target, user.own + "/link");
  for (const auto& ended : {with_variables(user, user.own + "/link"), with_list(user, user.own + "/link")}) {
    INFO(ended.err);
    CHECK(ended.status == 125);
    CHECK(ended.out.empty());
  }
}

TEST_CASE("a file of root's that a user has moved into a sticky directory is read for nobody") {
  const Hostile user;
  const auto sticky = user.make_sticky();
  write_secret(user.own + "/notes");
  user.act([&] { fs::rename(user.own + "/notes", sticky + "/vars"); });
  REQUIRE(owner_of(sticky + "/vars") == 0);
  for (const auto& ended : {with_variables(user, sticky + "/vars"), with_list(user, sticky + "/vars")}) {
    INFO(ended.err);
    CHECK(ended.status == 125);
    CHECK(ended.out.empty());
    CHECK_THAT(ended.err, Contains("what lies below root's own directories"));
  }
}

TEST_CASE(
    "a directory of root's that a user could write to, and has moved into a sticky one, is no way of "
    "root's") {
  const Hostile user;
  const auto sticky = user.make_sticky();
  const auto mode = GENERATE(01777, 02775);
  const auto open = user.own + "/open";
  fs::create_directory(open);
  REQUIRE(::chown(open.c_str(), 0, user.gid) == 0);
  fs::permissions(open, fs::perms(static_cast<unsigned>(mode)));
  fs::create_directories(open + "/changes");
  fs::create_directory(open + "/closed");
  write_secret(open + "/closed/vars");
  fs::permissions(open + "/closed", fs::perms(0700));
  user.act([&] { fs::rename(open, sticky + "/job"); });
  user.act([&] { fs::create_directory(user.own + "/source"); });
  const auto job = sticky + "/job";
  CAPTURE(mode);
  for (const auto& ended :
       {with_variables(user, job + "/closed/vars"), with_list(user, job + "/closed/vars")}) {
    CHECK(ended.status == 125);
    CHECK(ended.out.empty());
  }
  for (const Words& options :
       {Words{"--overlay", user.own + "/source=" + job + "/changes"},
        Words{"--overlay", user.own + "/source=" + job}, Words{"--artifacts", job + "/closed/new"},
        Words{"--private", job + "/closed/new"}}) {
    CAPTURE(options);
    CHECK(user.run_with(options, "echo ran").status == 125);
  }
  for (const auto& directory : {job, job + "/changes", job + "/closed"}) CHECK(owner_of(directory) == 0);
  CHECK_FALSE(fs::exists(job + "/closed/new"));
}

TEST_CASE("exec gives the command of a user's shard of root's no variables that only root may read") {
  const Hostile user;
  user.link(write_secret(user.ground / "secret"), user.own + "/link");
  user.act([&] { std::ofstream(user.own + "/file") << "SECRET=own\n"; });
  Process shard(in_shard("echo up; read end", user.words({"--name", "visited"})), user.options());
  REQUIRE(shard.read_line() == "up");
  const auto entered = [&](const std::string& path) {
    return run(nslaunch({"exec", "--env-file", path, "visited", "--", "sh", "-c", "echo \"got $SECRET\""}),
               user.options());
  };
  const auto refused = entered(user.own + "/link");
  INFO(refused.err);
  CHECK(refused.status == 125);
  CHECK(refused.out.empty());
  CHECK_THAT(refused.err, Contains("Permission denied"));
  CHECK(entered(user.own + "/file").out == "got own\n");
  CHECK(entered(user.ground / "secret").out == "got secret\n");
}

TEST_CASE("exec gives the command of a shard of root's nothing by a group that root has left out") {
  const Hostile user;
  const auto secret = write_secret(user.ground / "secret");
  REQUIRE(::chown(secret.c_str(), 0, user.gid) == 0);
  REQUIRE(::chmod(secret.c_str(), 0640) == 0);
  user.link(secret, user.own + "/link");
  const auto entered_with_group = [&](gid_t group) {
    const auto name = fmt::format("of-{}", group);
    Process shard(nslaunch({"--user", fmt::format("{}:{}", user.uid, group), "--name", name, "--", "sh", "-c",
                            "echo up; read end"}),
                  user.options());
    REQUIRE(shard.read_line() == "up");
    return run(nslaunch({"exec", "--env-file", user.own + "/link", name, "--", "sh", "-c", "echo $SECRET"}),
               user.options());
  };
  CHECK(entered_with_group(user.gid).out == "secret\n");
  const auto refused = entered_with_group(kSomebody);
  CHECK(refused.status == 125);
  CHECK(refused.out.empty());
}

TEST_CASE("a user's own file and a descriptor of root's have variables and lists for that user's command") {
  const Hostile user;
  user.act([&] { std::ofstream(user.own + "/file") << "SECRET=own\n"; });
  CHECK(with_variables(user, user.own + "/file").out == "got own\n");
  CHECK(with_list(user, user.own + "/file").out.find("got SECRET=own") != std::string::npos);
  const auto secret = write_secret(user.ground / "secret");
  const auto words =
      nslaunch(user.words({"--each", "/dev/fd/7", "--output", "stream", "--", "echo", "got {}"}));
  Words redirected = {"sh", "-c", "exec \"$@\" 7<" + secret, "sh"};
  redirected.insert(redirected.end(), words.begin(), words.end());
  CHECK(run(redirected, user.options()).out.find("got SECRET=secret") != std::string::npos);
}

TEST_CASE("a user's link that is kept in the shard's /tmp has root make no directory where it leads") {
  const Hostile user;
  const TempDir place;  // below /tmp
  fs::permissions(place.path(), fs::perms(01777));
  const auto link = place / "link";
  user.link(user.victim, link);
  const std::vector<Words> all = {{"--keep", link, "--private", link + "/new"},
                                  {"--workdir", link, "--private", link + "/new/deep"}};
  for (const auto& options : all) {
    const auto ended = user.run_with(options, "echo ran");
    CAPTURE(options, ended.err);
    CHECK(ended.status == 125);
    CHECK(ended.out.empty());
    CHECK_THAT(ended.err, Contains("no directory of the command's user"));
    CHECK(user.victim_is_untouched());
  }
}

}  // namespace nslaunch::test
