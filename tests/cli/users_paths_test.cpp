#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "support/call_tracer.hpp"
#include "support/host_directory.hpp"
#include "support/hostile.hpp"
#include "support/paused_launch.hpp"
#include "support/temp_dir.hpp"
#include "support/write_file.hpp"
#include "sys/base/files.hpp"

// What root does for --user below paths of that user's, who is hostile.
namespace nslaunch::test {
namespace {

namespace fs = std::filesystem;
using Catch::Matchers::Contains;

}  // namespace

TEST_CASE("a hang report is not written through a link that the command has put in its directory's place") {
  const Hostile user;
  fs::permissions(user.victim, fs::perms(0755));
  const auto ended =
      user.run_with({"--artifacts", user.own + "/a", "--timeout", "300ms"},
                    "cd " + user.own + "; mv a b; ln -s " + user.victim + " a; echo up; sleep 1000");
  INFO(ended.err);
  CHECK(ended.status == 124);
  CHECK(ended.out == "up\n");
  CHECK(fs::is_empty(user.victim));
  // It is in the directory that the command has found, and that user's.
  REQUIRE_FALSE(fs::is_empty(user.own + "/b"));
  struct stat status = {};
  REQUIRE(::lstat(fs::directory_iterator(user.own + "/b")->path().c_str(), &status) == 0);
  CHECK(status.st_uid == user.uid);
}

TEST_CASE("directories for results and private ones are not had through a user's link to what is not his") {
  const Hostile user;
  user.link(user.victim, user.own + "/link");
  for (const char* option : {"--artifacts", "--private"}) {
    for (const char* below : {"", "/below"}) {
      const auto ended = user.run_with({option, user.own + "/link" + below}, "echo ran");
      INFO(ended.err);
      CHECK(ended.status == 125);
      CHECK(ended.out.empty());
      CHECK_THAT(ended.err, Contains(option));
      CHECK(user.victim_is_untouched());
    }
  }
}

TEST_CASE(
    "a user's link does not have a directory of root's covered where anybody can write, root's word does") {
  const Hostile user;
  const auto sticky = user.make_sticky();
  write_file(sticky + "/of-root", "");
  user.link(sticky, user.own + "/link");
  const auto by_link = user.run_with({"--private", user.own + "/link"}, "echo ran");
  INFO(by_link.err);
  CHECK(by_link.status == 125);
  CHECK(by_link.out.empty());
  CHECK(user.run_with({"--private", sticky}, "ls -A " + sticky + "; echo ran").out == "ran\n");
}

TEST_CASE("a directory that keeps an overlay's changes is not made somebody's by a link to it") {
  Hostile user;
  fs::permissions(user.victim, fs::perms(01777));
  user.victims_mode = 01777;
  user.act([&] { fs::create_directory(user.own + "/project"); });
  user.link(user.victim, user.own + "/link");
  const auto ended = user.run_with({"--overlay", user.own + "/project=" + user.own + "/link"}, "echo ran");
  INFO(ended.err);
  CHECK(ended.status == 125);
  CHECK(ended.out.empty());
  CHECK(user.victim_is_untouched());
}

TEST_CASE("what overlayfs worked in is removed, and not what a user has put in its place") {
  const Hostile user;
  user.act([&] { fs::create_directory(user.own + "/project"); });
  const auto ended = user.run_with({"--overlay", user.own + "/project=" + user.own + "/keep"},
                                   "cd " + user.own +
                                       "; for work in .nslaunch-*.work; do mv $work moved; mkdir $work; "
                                       "ln -s " +
                                       user.victim + " $work/work; done; echo ran");
  INFO(ended.err);
  CHECK(ended.out == "ran\n");
  CHECK(user.victim_is_untouched());
  CHECK(fs::is_empty(user.own + "/moved"));
}

TEST_CASE(
    "what has been put in the place of a directory since it was looked at is neither covered nor shown") {
  for (const std::string option : {"--private", "--tmp", "--overlay"}) {
    for (const bool by_link : {true, false}) {
      const Hostile user;
      const auto path = user.own + "/place";
      user.act([&] {
        fs::create_directory(path);
        fs::create_directory(user.own + "/other");
      });
      auto options = user.options();
      PausedLaunch launch(in_shard("echo ran", user.words({option, path})), std::move(options),
                          option == "--tmp" ? "tmp" : option.substr(2));
      REQUIRE(launch.reached());
      user.act([&] {
        fs::rename(path, user.own + "/moved");
        if (by_link) fs::create_symlink(user.victim, path);
        if (!by_link) fs::rename(user.own + "/other", path);
      });
      launch.resume();
      const auto ended = launch.process().wait();
      CAPTURE(option, by_link, ended.err);
      CHECK(ended.status == 125);
      CHECK_THAT(ended.err, Contains("somebody has put something else there"));
      CHECK(ended.out.empty());
      CHECK(user.victim_is_untouched());
    }
  }
}

TEST_CASE("a kept path does not show a user what he has no way to") {
  const Hostile user;
  const TempDir hidden;  // 0700
  fs::create_directory(hidden / "inner");
  write_file(hidden / "inner/secret", "secret\n");
  const TempDir shared;
  REQUIRE(::chown(shared.path().c_str(), user.uid, user.gid) == 0);
  user.link(hidden / "inner", shared / "x");
  const auto ended = user.run_with({"--keep", shared / "x"}, "cat " + shared / "x/secret");
  INFO(ended.err);
  CHECK(ended.out.empty());
  CHECK(ended.status == 125);
  const auto named = user.run_with({"--keep", hidden / "inner"}, "cat " + hidden / "inner/secret");
  CHECK(named.out.empty());
  CHECK(named.status == 125);
  CHECK_THAT(named.err, Contains("--keep") && Contains("Permission denied"));
}

TEST_CASE("a private directory in a kept one is made there as the user, and is no way to what is not his") {
  const Hostile user;
  const TempDir shared;
  REQUIRE(::chown(shared.path().c_str(), user.uid, user.gid) == 0);
  user.link(user.victim, shared / "x");
  const auto ended = user.run_with({"--keep", shared.path(), "--private", shared / "x/y"}, "echo ran");
  INFO(ended.err);
  CHECK(ended.status == 125);
  CHECK(user.victim_is_untouched());
  const auto good = user.run_with({"--keep", shared.path(), "--private", shared / "y/z"},
                                  "echo x >" + shared / "y/z/f && echo ran");
  INFO(good.err);
  CHECK(good.out == "ran\n");
  struct stat status = {};
  REQUIRE(::lstat((shared / "y/z").c_str(), &status) == 0);
  CHECK(status.st_uid == user.uid);
}

TEST_CASE("root makes a directory for a user where only root can write, and nowhere else") {
  const Hostile user;
  const auto good =
      user.run_with({"--artifacts", user.ground / "new/inner"}, "echo x > $NSLAUNCH_ARTIFACTS/f && echo ran");
  INFO(good.err);
  CHECK(good.out == "ran\n");
  struct stat status = {};
  REQUIRE(::lstat((user.ground / "new").c_str(), &status) == 0);
  CHECK(status.st_uid == user.uid);
  // Somebody of the group could exchange what is in it.
  fs::permissions(user.victim, fs::perms(0775));
  const auto bad = user.run_with({"--artifacts", user.victim + "/new"}, "echo ran");
  INFO(bad.err);
  CHECK(bad.status == 125);
  CHECK(bad.out.empty());
  CHECK(fs::is_empty(user.victim));
}

TEST_CASE("JUnit files are read with the user's rights, and a pipe in the place of one holds up nobody") {
  const Hostile user;
  const auto secret = user.ground / "secret.xml";
  write_file(secret, "<testsuites><testsuite><testcase name='of-root'/></testsuite></testsuites>", 0600);
  fs::last_write_time(secret, fs::file_time_type::clock::now() + std::chrono::hours(1));
  const auto report = user.ground / "report.xml";
  const auto ended = run(
      nslaunch(
          {"run", "--shards", "1", "--user", std::to_string(user.uid), "--artifacts", user.own + "/a",
           "--report-junit", report, "--collect-junit", "*.xml", "--", "sh", "-c",
           "cd $NSLAUNCH_ARTIFACTS; ln -s $0 a.xml; mkfifo b.xml; touch c.xml; "
           "echo '<testsuites><testsuite><testcase name=\"of-the-user\"/></testsuite></testsuites>' > d.xml",
           secret}),
      user.options());
  INFO(ended.err);
  const auto text = sys::read_file(report.c_str()).value_or("");
  CHECK_THAT(text, Contains("of-the-user") && !Contains("of-root"));
}

TEST_CASE("the JUnit files of a command are read in one process for all of them, whatever their number") {
  need_traceable_calls();
  const auto forks = [](int count) {
    const Hostile user;
    const auto report = user.ground / "report.xml";
    auto traced =
        CallTracer(
            nslaunch({"run", "--shards", "1", "--user", std::to_string(user.uid), "--artifacts",
                      user.own + "/a", "--report-junit", report, "--collect-junit", "*.xml", "--", "sh", "-c",
                      "cd $NSLAUNCH_ARTIFACTS; for i in $(seq $0); do "
                      "echo \"<testsuites><testsuite><testcase name='case $i'/></testsuite></testsuites>\" "
                      "> $i.xml; done",
                      std::to_string(count)}),
            user.options())
            .run(std::nullopt);
    CHECK_THAT(sys::read_file(report.c_str()).value_or(""), Contains(fmt::format("case {}", count)));
    return traced.calls[{0, "clone"}] + traced.calls[{0, "clone3"}] + traced.calls[{0, "fork"}];
  };
  CHECK(forks(20) == forks(1));
}

TEST_CASE("what lies in a closed directory of PATH is not found for the user to whom it is closed") {
  const Hostile user;
  write_file(user.victim + "/hidden", "#!/bin/sh\n");
  fs::permissions(user.victim, fs::perms(0700));
  const auto words = nslaunch(user.words({"--env", "PATH=" + user.victim, "--", "hidden"}));
  const auto ended = run(words, user.options());
  INFO(ended.err);
  CHECK(ended.status == 127);
}

}  // namespace nslaunch::test
