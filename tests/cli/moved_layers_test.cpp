#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "support/hostile.hpp"
#include "support/overlays.hpp"
#include "support/write_file.hpp"

// K62: what a user moves below a view that root has mounted.
namespace nslaunch::test {
namespace {

namespace fs = std::filesystem;
using Catch::Matchers::Contains;

/// A user's project with a closed folder of root's in it.
struct Mixed {
  Mixed() {
    user.act([&] { fs::create_directories(project + "/open"); });
    fs::create_directory(project + "/closed");
    fs::permissions(project + "/closed", fs::perms(0700));
    write_file(project + "/closed/file", "of root\n");
  }
  /// The user gives the closed folder the name of the one that the command has changed.
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

TEST_CASE("a closed folder that a user moves to where the command has changed something opens in no view") {
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
  CHECK(ended.out == "new\n");
  CHECK_THAT(ended.err, Contains("No such file"));
}

TEST_CASE("a user's project is covered on a file system that can tell moved folders apart, and no other") {
  const Mixed mixed;
  for (const char* name : {"below", "tmpfs", "up", "work"}) fs::create_directory(mixed.user.ground / name);
  SECTION("which a container's root is not") {
    const auto below =
        "mount -t tmpfs none \"$0/tmpfs\"; mkdir \"$0/tmpfs/up\" \"$0/tmpfs/work\"; "
        "mount -t overlay none -o \"lowerdir=$0/below,upperdir=$0/tmpfs/up,workdir=$0/tmpfs/work\" "
        "\"$1\"; exec \"${@:2}\"";
    Words words = {"unshare", "-m", "bash", "-ec", below, mixed.user.ground.path(), mixed.project};
    const auto more = mixed.words(mixed.project, "echo ran");
    words.insert(words.end(), more.begin(), more.end());
    const auto ended = run(words, mixed.user.options());
    CHECK(ended.status == 125);
    CHECK(ended.out.empty());
    CHECK_THAT(ended.err, Contains("has no file handles (overlay)") && Contains("run nslaunch as that user"));
  }
  SECTION("without the capability for that it is none") {
    Words words = {"capsh", "--drop=cap_dac_read_search", "--", "-c", "exec \"$0\" \"$@\""};
    const auto more = mixed.words(mixed.project, "echo ran");
    words.insert(words.end(), more.begin(), more.end());
    const auto ended = run(words, mixed.user.options());
    CHECK(ended.status == 125);
    CHECK(ended.out.empty());
    CHECK_THAT(ended.err, Contains("--cap-add DAC_READ_SEARCH"));
  }
}

}  // namespace nslaunch::test
