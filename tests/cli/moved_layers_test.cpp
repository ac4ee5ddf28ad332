#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>

#include "support/hostile.hpp"
#include "support/overlays.hpp"
#include "support/paused_launch.hpp"
#include "support/temp_dir.hpp"
#include "support/write_file.hpp"

// What a user moves below or above a view that root mounts: K62, and the ways there.
namespace nslaunch::test {
namespace {

namespace fs = std::filesystem;
using Catch::Matchers::Contains;

/// A user's project with a closed directory of root's in it.
struct Mixed {
  Mixed() {
    need_overlays_for_users();
    user.act([&] { fs::create_directories(project + "/open"); });
    fs::create_directory(project + "/closed");
    fs::permissions(project + "/closed", fs::perms(0700));
    write_file(project + "/closed/file", "of root\n");
  }
  /// The user gives the closed directory the name of the one that the command has changed.
  void swap() const {
    user.act([&] {
      fs::rename(project + "/open", project + "/away");
      fs::rename(project + "/closed", project + "/open");
    });
  }
  Words words(const std::string& overlay, const std::string& script) const {
    return in_shard("cd " + project + "; " + script, user.words({"--overlay", overlay}));
  }

  const Hostile user;
  const std::string project = user.own + "/project";
};

/// What a file system has forgotten it looks for again.
void forget_names() {
  std::ofstream("/proc/sys/vm/drop_caches") << "2";
}

}  // namespace

TEST_CASE(
    "a closed directory that a user moves to where the command has changed something opens in no view") {
  const bool keeps = GENERATE(false, true);
  const Mixed mixed;
  need_room_for_changes(mixed.user.ground.path());
  const auto overlay = mixed.project + (keeps ? "=" + mixed.user.own + "/keep" : "");
  Process command(mixed.words(overlay, "echo x > open/new; echo ready; read go; ls -A open; cat open/file"),
                  mixed.user.options());
  REQUIRE(command.read_line() == "ready");
  mixed.swap();
  forget_names();
  command.write_input("go\n");
  const auto ended = command.wait();
  CAPTURE(keeps, ended.err);
  CHECK_THAT(ended.out, !Contains("file") && !Contains("of root"));
  CHECK_THAT(ended.err, Contains("Permission denied"));
}

TEST_CASE("a user's project is covered on a container's root, too, and without root's rights to read") {
  const Mixed mixed;
  for (const char* name : {"below", "tmpfs", "up", "work"}) fs::create_directory(mixed.user.ground / name);
  const auto below =
      "mount -t tmpfs none \"$0/tmpfs\"; mkdir \"$0/tmpfs/up\" \"$0/tmpfs/work\"; "
      "chown --reference \"$1\" \"$0/tmpfs/up\"; "
      "mount -t overlay none -o \"lowerdir=$1,upperdir=$0/tmpfs/up,workdir=$0/tmpfs/work\" "
      "\"$1\"; exec \"${@:2}\"";
  Words words = {"unshare",     "-m",    "bash",
                 "-ec",         below,   mixed.user.ground.path(),
                 mixed.project, "capsh", "--drop=cap_dac_read_search",
                 "--",          "-c",    "exec \"$0\" \"$@\""};
  const auto more = mixed.words(mixed.project, "echo x > open/new; ls open; cat closed/file");
  words.insert(words.end(), more.begin(), more.end());
  const auto ended = run(words, mixed.user.options());
  INFO(ended.err);
  CHECK(ended.out == "new\n");
  CHECK_THAT(ended.err, Contains("Permission denied"));
}

TEST_CASE("what a user moves while a view is mounted opens no closed directory to the command") {
  struct Way {
    std::string step;  ///< before it all is moved
    Words options;     ///< in a directory of the user's with the directories `way` and `closed`
    std::string secret;
  };
  const TempDir shared;
  const Way ways[] = {
      // Shown again in the shard's own /tmp.
      {"tmp", {"--overlay", shared / "way/project"}, shared / "way/project/secret"},
      {"tmp", {"--overlay", shared / "way", "--keep", shared / "way/project"}, shared / "way/project/secret"},
      // Shown through the view.
      {"overlay",
       {"--overlay", shared.path(), "--artifacts", shared / "way/project"},
       shared / "way/project/secret"},
      {"overlay", {"--overlay", shared.path(), "--tmp", shared / "way/project"}, "/tmp/secret"}};
  const auto& way = ways[GENERATE(0, 1, 2, 3)];
  const Hostile user;
  need_overlays_for_users();
  REQUIRE(::chown(shared.path().c_str(), user.uid, user.gid) == 0);
  user.act([&] { fs::create_directories(shared / "way/project"); });
  fs::create_directories(shared / "closed/project");
  fs::permissions(shared / "closed", fs::perms(0700));
  write_file(shared / "closed/project/secret", "of root\n");
  PausedLaunch launch(in_shard("cat " + way.secret, user.words(way.options)), user.options(), way.step);
  REQUIRE(launch.reached());
  user.act([&] {
    fs::rename(shared / "way", shared / "away");
    fs::rename(shared / "closed", shared / "way");
  });
  launch.resume();
  const auto ended = launch.process().wait();
  CAPTURE(way.step, way.options, ended.err);
  CHECK(ended.status != 0);
  CHECK(ended.out.empty());
}

TEST_CASE(
    "a link that a user puts into a view while it is mounted leads no other of root's mounts elsewhere") {
  const Hostile user;
  need_overlays_for_users();
  need_room_for_changes(user.ground.path());
  fs::permissions(user.victim, fs::perms(0755));
  user.act([&] { fs::create_directories(user.own + "/project/sub"); });
  write_file(user.victim + "/of-root", "");
  const std::string planting =
      "cd $0; while :; do for work in .nslaunch-*.work/work/work; do "
      "test -e $work && ln -s $1 keep/sub; done; done";
  Process planter({"setpriv", fmt::format("--reuid={}", user.uid), fmt::format("--regid={}", user.gid),
                   "--clear-groups", "bash", "-c", planting, user.own, user.victim});
  const auto project = user.own + "/project";
  for (const std::string option : {"--overlay", "--artifacts", "--overlay", "--artifacts"}) {
    const auto ended = user.run_with(
        {"--overlay", project + "=" + user.own + "/keep", option, project + "/sub"}, "ls " + user.victim);
    CAPTURE(option, ended.err);
    CHECK(ended.out == (ended.status == 0 ? "of-root\n" : ""));
    user.act([&] { fs::remove_all(user.own + "/keep"); });
  }
  planter.send_signal(SIGKILL);
}

}  // namespace nslaunch::test
