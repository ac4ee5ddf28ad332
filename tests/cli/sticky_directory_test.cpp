#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdio>
#include <filesystem>

#include "support/report_writers.hpp"
#include "support/skip.hpp"
#include "support/write_file.hpp"

// Files that root names in a directory where everybody may make some (proc_sys_fs(5)).
namespace nslaunch::test {
namespace {

namespace fs = std::filesystem;
using Catch::Matchers::Contains;

struct stat status_of(const std::string& path) {
  struct stat status = {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  return status;
}

/// Without the setting (a sysctl of fs) the shell's refusal, and so ours, can't be seen.
void note_if_off(const char* setting) {
  const auto path = std::string("/proc/sys/fs/") + setting;
  if (sys::read_file(path.c_str()).value_or("0").front() != '0') return;
  const bool can_be_set = ::access(path.c_str(), W_OK) == 0;
  std::printf("SKIP: %s fs.%s=1, which is %s\n", can_be_set ? "wants" : "can't have", setting,
              can_be_set ? "0 here: sysctl sets it" : "read-only here");
}

/// A directory in which everybody may make files, and another user's entries there.
struct Sticky {
  Sticky() {
    const passwd* user = ::getpwnam("nslaunch-test");
    if (::geteuid() != 0 || user == nullptr) SKIP_TEST("needs root, and the user nslaunch-test");
    other = user->pw_uid;
    fs::permissions(run.directory.path(), fs::perms(01777));
    keep_secret();
    fs::permissions(elsewhere.path(), fs::perms(0700));
  }
  void keep_secret() const {
    write_file(secret, "secret");
    fs::permissions(secret, fs::perms(0600));
  }
  void give_away() const { REQUIRE(::lchown(run.path.c_str(), other, other) == 0); }
  /// What a shell's redirection to the path is told.
  bool shell_may() const { return test::run({"sh", "-c", "printf x >>\"$0\"", run.path}).status == 0; }

  ReportedRun run;
  TempDir elsewhere;
  std::string secret = elsewhere / "secret";
  uid_t other = 0;
};

}  // namespace

TEST_CASE("root is led by another user's link in a sticky directory only where a shell would be") {
  const Sticky scene;
  note_if_off("protected_symlinks");
  for (const auto& writer : report_writers()) {
    fs::remove(scene.run.path);
    fs::create_symlink(scene.secret, scene.run.path);
    scene.give_away();
    const bool may = scene.shell_may();
    scene.keep_secret();
    const auto ended = test::run(writer.words(scene.run.path), options_of(writer, scene.run));
    CAPTURE(writer.option, may, ended.err);
    CHECK((status_of(scene.secret).st_mode & 07777) == 0600);
    CHECK(ended.status == (may ? 0 : 125));
    if (!may) {
      CHECK(sys::read_file(scene.secret.c_str()) == "secret");
      CHECK_THAT(ended.err, Contains("fs.protected_symlinks"));
    }
    CHECK(fs::is_symlink(scene.run.path));
  }
}

TEST_CASE("root writes to another user's file or FIFO in a sticky directory only where a shell would") {
  const Sticky scene;
  const bool is_fifo = GENERATE(false, true);
  note_if_off(is_fifo ? "protected_fifos" : "protected_regular");
  for (const auto& writer : report_writers()) {
    fs::remove(scene.run.path);
    if (is_fifo)
      REQUIRE(::mkfifo(scene.run.path.c_str(), 0666) == 0);
    else
      write_file(scene.run.path, "planted");
    scene.give_away();
    const sys::Fd reader(::open(scene.run.path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    const bool may = scene.shell_may();
    const auto ended = test::run(writer.words(scene.run.path), options_of(writer, scene.run));
    CAPTURE(writer.option, may, ended.err);
    CHECK(ended.status == (may ? 0 : 125));
    if (!may) CHECK_THAT(ended.err, Contains("fs.protected_regular") || Contains("protected_fifos"));
    CHECK(status_of(scene.run.path).st_uid == scene.other);
  }
}

}  // namespace nslaunch::test
