#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <functional>
#include <memory>

#include "support/reported_run.hpp"
#include "support/skip.hpp"
#include "support/write_file.hpp"

namespace nslaunch::test {
namespace {

namespace fs = std::filesystem;
using Catch::Matchers::Contains;

/// What writes a file that the caller has named.
struct Writer {
  std::string option;
  std::function<Words(const std::string& path)> words;
  Words environment{};
};

std::vector<Writer> writers() {
  const auto of_shards = [](const char* option) {
    return Writer{option, [option](const std::string& path) {
                    return nslaunch({"run", "--shards=2", option, path, "--", "echo", "ran"});
                  }};
  };
  auto bazel = Writer{"TEST_SHARD_STATUS_FILE",
                      [](const std::string&) {
                        return nslaunch({"--shard=auto", "--", "echo", "ran"});
                      },
                      {"TEST_TOTAL_SHARDS=2", "TEST_SHARD_INDEX=0"}};
  return {{"--report-json",
           [](const std::string& path) {
             return nslaunch({"--report-json", path, "--", "echo", "ran"});
           }},
          of_shards("--report-json"),
          of_shards("--report-junit"),
          of_shards("--joblog"),
          bazel};
}

StartOptions options_of(const Writer& writer, const ReportedRun& run) {
  auto options = run.options();
  for (const auto& variable : writer.environment) options.environment.push_back(variable);
  options.environment.push_back("TEST_SHARD_STATUS_FILE=" + run.path);
  return options;
}

struct stat status_of(const std::string& path) {
  struct stat status = {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  return status;
}

/// Both ends of a FIFO that takes nothing more.
sys::Fd full_fifo(const std::string& path) {
  REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  sys::Fd ends(::open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
  const std::string page(4096, 'x');
  while (::write(ends.get(), page.data(), page.size()) > 0) continue;
  REQUIRE(errno == EAGAIN);
  return ends;
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
    fs::permissions(run.folder.path(), fs::perms(01777));
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

TEST_CASE("a FIFO that nobody reads is refused before anything runs, and what is advised helps") {
  const auto all = writers();
  std::vector<std::unique_ptr<ReportedRun>> runs;
  std::vector<std::unique_ptr<Process>> started;
  for (const auto& writer : all) {
    runs.push_back(std::make_unique<ReportedRun>());
    REQUIRE(::mkfifo(runs.back()->path.c_str(), 0600) == 0);
    started.push_back(
        std::make_unique<Process>(writer.words(runs.back()->path), options_of(writer, *runs.back())));
  }
  for (std::size_t at = 0; at < all.size(); ++at) {
    const auto ended = started[at]->wait();
    CAPTURE(all[at].option, ended.err);
    CHECK(ended.status == 125);
    CHECK(ended.out.empty());
    CHECK_THAT(ended.err, Contains("it is a FIFO that nobody reads"));
    const auto advice = ended.err.find("for example: ");
    REQUIRE(advice != std::string::npos);
    Words words = {"sh", "-c", ended.err.substr(advice + 13) + "exec \"$@\"", "sh"};
    const auto launcher = all[at].words(runs[at]->path);
    words.insert(words.end(), launcher.begin(), launcher.end());
    const auto again = test::run(words, options_of(all[at], *runs[at]));
    CAPTURE(again.err);
    CHECK(again.status == 0);
    CHECK_THAT(again.out, Contains("ran"));
  }
}

TEST_CASE("a reader that does not read, or is gone, holds up no end") {
  const ReportedRun run;
  const auto ends = full_fifo(run.path);
  std::vector<std::unique_ptr<Process>> started;
  const auto all = writers();
  for (const auto& writer : all)
    started.push_back(std::make_unique<Process>(writer.words(run.path), options_of(writer, run)));
  for (std::size_t at = 0; at < all.size(); ++at) {
    const auto ended = started[at]->wait();
    CAPTURE(all[at].option, ended.err);
    CHECK(ended.status == 0);
    if (all[at].environment.empty()) CHECK_THAT(ended.err, Contains("its reader does not read"));
  }

  const auto fifo = run.folder / "fifo";
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  for (const char* option : {"--report-json", "--joblog"}) {
    sys::Fd reader(::open(fifo.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    const auto gate = run.folder / (option + std::string(".gate"));
    REQUIRE(::mkfifo(gate.c_str(), 0600) == 0);
    Process launcher(
        nslaunch({"run", "--shards=1", option, fifo, "--output=stream", "--keep", run.folder.path(), "--",
                  "sh", "-c", "echo up; read line <" + gate + "; exit 3"}),
        run.options());
    launcher.read_line();
    reader.reset();
    write_file(gate, "go\n");
    const auto ended = launcher.wait();
    CAPTURE(option, ended.err);
    CHECK(ended.status == 1);
    CHECK_THAT(ended.err, Contains("Broken pipe"));
  }
}

TEST_CASE("a report that replaces a file has its owner and its mode") {
  const ReportedRun run;
  write_file(run.path, "before");
  const bool root = ::geteuid() == 0;
  if (root) REQUIRE(::chown(run.path.c_str(), 54321, 54322) == 0);
  for (const mode_t mode : {0600U, 0640U, 0666U}) {
    REQUIRE(::chmod(run.path.c_str(), mode) == 0);
    const auto before = status_of(run.path);
    REQUIRE(run.of("exit 3").status == 3);
    const auto after = status_of(run.path);
    CHECK(run.report().at("nslaunch_status") == 3);
    CHECK(after.st_ino != before.st_ino);
    CHECK((after.st_mode & 07777) == mode);
    CHECK(after.st_uid == before.st_uid);
    CHECK(after.st_gid == before.st_gid);
  }
  CHECK(run.files() == Words{"report.json"});
}

TEST_CASE("where a file can't be replaced it is written over, as a shell does it") {
  const ReportedRun run;
  if (::geteuid() == 0) SKIP_TEST("needs an ordinary user: root may make files everywhere");
  write_file(run.path, std::string(100'000, 'x'));
  const auto before = status_of(run.path);
  fs::permissions(run.folder.path(), fs::perms(0500));
  CHECK(run.of("exit 3").status == 3);
  CHECK(run.report().at("nslaunch_status") == 3);
  CHECK(status_of(run.path).st_ino == before.st_ino);
  fs::permissions(run.folder.path(), fs::perms(0700));
}

TEST_CASE("a report's file that is removed or replaced while the command runs is made anew") {
  const ReportedRun run;
  write_file(run.path, "before");
  CHECK(run.of("rm " + run.path + "; exit 3", {"--keep", run.folder.path()}).status == 3);
  CHECK(run.report().at("nslaunch_status") == 3);
  CHECK(run.of("echo new >" + run.path + ".new; mv " + run.path + ".new " + run.path + "; exit 4",
               {"--keep", run.folder.path()})
            .status == 4);
  CHECK(run.report().at("nslaunch_status") == 4);
  CHECK(run.files() == Words{"report.json"});
}

TEST_CASE("root is led by another user's link in a sticky directory only where a shell would be") {
  const Sticky scene;
  note_if_off("protected_symlinks");
  for (const auto& writer : writers()) {
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
  for (const auto& writer : writers()) {
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
