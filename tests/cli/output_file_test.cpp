#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <memory>

#include "support/report_writers.hpp"
#include "support/skip.hpp"
#include "support/write_file.hpp"

namespace nslaunch::test {
namespace {

namespace fs = std::filesystem;
using Catch::Matchers::Contains;

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

}  // namespace

TEST_CASE("a FIFO that nobody reads is refused before anything runs, and what is advised helps") {
  const auto all = report_writers();
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
  const auto all = report_writers();
  for (const auto& writer : all)
    started.push_back(std::make_unique<Process>(writer.words(run.path), options_of(writer, run)));
  for (std::size_t at = 0; at < all.size(); ++at) {
    const auto ended = started[at]->wait();
    CAPTURE(all[at].option, ended.err);
    CHECK(ended.status == 0);
    if (all[at].environment.empty()) CHECK_THAT(ended.err, Contains("its reader does not read"));
  }

  const auto fifo = run.directory / "fifo";
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  for (const char* option : {"--report-json", "--joblog"}) {
    sys::Fd reader(::open(fifo.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    const auto gate = run.directory / (option + std::string(".gate"));
    REQUIRE(::mkfifo(gate.c_str(), 0600) == 0);
    Process launcher(
        nslaunch({"run", "--shards=1", option, fifo, "--output=stream", "--keep", run.directory.path(), "--",
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
  fs::permissions(run.directory.path(), fs::perms(0500));
  CHECK(run.of("exit 3").status == 3);
  CHECK(run.report().at("nslaunch_status") == 3);
  CHECK(status_of(run.path).st_ino == before.st_ino);
  fs::permissions(run.directory.path(), fs::perms(0700));
}

TEST_CASE("a report's file that is removed while the command runs is made anew") {
  const ReportedRun run;
  write_file(run.path, "before");
  CHECK(run.of("rm " + run.path + "; exit 3", {"--keep", run.directory.path()}).status == 3);
  CHECK(run.report().at("nslaunch_status") == 3);
  CHECK(run.files() == Words{"report.json"});
}

}  // namespace nslaunch::test
