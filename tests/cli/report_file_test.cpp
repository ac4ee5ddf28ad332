#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <thread>

#include "support/reported_run.hpp"
#include "support/skip.hpp"
#include "support/write_file.hpp"

namespace nslaunch::test {
namespace {

namespace fs = std::filesystem;
using Catch::Matchers::Contains;
using Json = nlohmann::json;

/// Reads a FIFO for as long as it lives, a page at a time and ever so often: it would be at it for minutes.
class SlowReader {
 public:
  explicit SlowReader(const std::string& fifo)
      : fifo_(::open(fifo.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC)), thread_([this] { read(); }) {}
  SlowReader(const SlowReader&) = delete;
  SlowReader& operator=(const SlowReader&) = delete;
  ~SlowReader() {
    end_.write.reset();
    thread_.join();
  }

 private:
  void read() const {
    char page[4096];
    pollfd ended = {end_.read.get(), POLLIN, 0};
    while (::poll(&ended, 1, 200) == 0) static_cast<void>(::read(fifo_.get(), page, sizeof page));
  }

  sys::Fd fifo_;
  sys::Pipe end_ = sys::make_pipe();
  std::thread thread_;
};

}  // namespace

TEST_CASE("a report that can't be written is an error before anything runs") {
  const ReportedRun run;
  for (const std::string& path :
       {std::string("/no/such/directory/report"), run.directory.path(), std::string("/proc/report"),
        std::string("/dev/fd/77"), std::string("/dev/fd/0")}) {
    auto with = run.registry.options();
    with.prepare = [] { ::dup2(::open("/dev/null", O_RDONLY), STDIN_FILENO); };
    const auto ended = test::run(in_shard("echo ran", {"--report-json", path}), with);
    INFO(path);
    CHECK(ended.status == 125);
    CHECK(ended.out.empty());
    CHECK_THAT(ended.err, Contains(path) && Contains("for the report"));
  }
  fs::create_symlink("nowhere", run.path);
  CHECK(run.of("echo ran").status == 125);
  CHECK(fs::is_symlink(run.path));
}

TEST_CASE("a report goes to a file that a process has a lease on, as soon as the lease has been given up") {
  const ReportedRun run;
  write_file(run.path, "earlier");
  const auto words = sys::make_pipe();
  const pid_t holder = ::fork();
  if (holder == 0) {
    const int file = ::open(run.path.c_str(), O_RDONLY | O_CLOEXEC);
    const char word = ::fcntl(file, F_SETLEASE, F_RDLCK) == 0 ? 'y' : 'n';
    static_cast<void>(::write(words.write.get(), &word, 1));
    for (;;) ::pause();  // until the kernel asks for the lease: SIGIO
  }
  char word = 0;
  REQUIRE(::read(words.read.get(), &word, 1) == 1);
  const auto ended = run.of("exit 3");
  ::kill(holder, SIGKILL);
  ::waitpid(holder, nullptr, 0);
  if (word == 'n') SKIP_TEST("the tests' directory is on a file system without leases");
  INFO(ended.err);
  CHECK(ended.status == 3);
  CHECK(fs::file_size(run.path) > 10);
}

TEST_CASE("a report that can't be written at the end is a warning, and the command's status is kept") {
  const ReportedRun run;
  const auto full = test::run(in_shard("exit 3", {"--report-json=/dev/full"}), run.options());
  CHECK(full.status == 3);
  CHECK_THAT(full.err, Contains("the report could not be written to /dev/full: No space left on device"));
  const auto directory = run.directory / "directory";
  fs::create_directory(directory);
  const auto gone =
      test::run(in_shard("rmdir " + directory + "; kill -USR1 $$",
                         {"--report-json=" + directory + "/report", "--keep", run.directory.path()}),
                run.options());
  INFO(gone.err);
  CHECK(gone.signal == SIGUSR1);
  CHECK_THAT(gone.err, Contains("could not be written") && Contains("No such file"));
}

TEST_CASE(
    "nobody meets half a report: the file changes at the end, as a whole, and stays when nslaunch is "
    "killed") {
  const ReportedRun run;
  write_file(run.path, "before");
  const auto old = sys::open_file(run.path, O_RDONLY);
  Process launcher(run.words("echo up; exec sleep 1000"), run.options());
  REQUIRE(launcher.read_line() == "up");
  CHECK(run.files() == Words{"report.json"});
  CHECK(sys::read_file(run.path.c_str()) == "before");
  launcher.send_signal(SIGKILL);
  launcher.wait();
  CHECK(run.files() == Words{"report.json"});
  CHECK(sys::read_file(run.path.c_str()) == "before");

  const auto link = run.directory / "link";
  fs::create_symlink("report.json", link);
  CHECK(test::run(in_shard(":", {"--report-json", link}), run.options()).status == 0);
  CHECK(fs::is_symlink(link));
  CHECK(run.report().at("nslaunch_status") == 0);
  // Replaced, and not written over: who had it open reads on in the old one.
  char text[16] = {};
  CHECK(::pread(old.get(), text, sizeof text, 0) == 6);
}

TEST_CASE("a report goes into a FIFO, to stderr and to a descriptor of the caller's, behind what is there") {
  const ReportedRun run;
  REQUIRE(::mkfifo(run.path.c_str(), 0600) == 0);
  Process reader({"cat", run.path});
  CHECK(run.of("exit 3").status == 3);
  CHECK(Json::parse(reader.wait().out).at("nslaunch_status") == 3);

  const auto said = test::run(in_shard("echo first >&2", {"--report-json=/dev/stderr"}), run.options());
  REQUIRE(said.err.starts_with("first\n{"));
  CHECK(Json::parse(said.err.substr(6)).at("nslaunch_status") == 0);

  const auto log = run.directory / "log";
  Words words = {"sh", "-c", "exec 7>" + log + "; echo first >&7; exec \"$@\"", "sh"};
  const auto launcher =
      in_shard("ls -l /proc/self/fd | grep -c log; echo second >&7", {"--report-json=/dev/fd/7"});
  words.insert(words.end(), launcher.begin(), launcher.end());
  CHECK(test::run(words, run.options()).out == "1\n");
  const auto text = sys::read_file(log.c_str()).value_or("");
  REQUIRE(text.starts_with("first\nsecond\n{"));
  CHECK(Json::parse(text.substr(13)).at("nslaunch_status") == 0);
}

TEST_CASE("a report's reader has 5 s for all of it, however often it takes a little") {
  const ReportedRun run;
  REQUIRE(::mkfifo(run.path.c_str(), 0600) == 0);
  const SlowReader reader(run.path);
  auto words = run.words("exit 3", {"--keep", run.directory.path()});
  for (int number = 0; number < 20; ++number) words.emplace_back(100'000, 'x');
  const auto ended = test::run(words, run.options());
  CHECK(ended.status == 3);
  CHECK_THAT(ended.err, Contains("could not be written") && Contains("its reader does not read"));
}

TEST_CASE("a FIFO that has got a report's name meanwhile stays, and holds up nobody") {
  const ReportedRun run;
  const auto ended = run.of("mkfifo " + run.path, {"--keep", run.directory.path()});
  CHECK(ended.status == 0);
  CHECK_THAT(ended.err, Contains("could not be written to") && Contains("File exists"));
  CHECK(fs::is_fifo(run.path));
}

TEST_CASE("the variable asks for a report as the option does, and one of no shard is refused") {
  const ReportedRun run;
  auto with = run.registry.options();
  with.environment.push_back("NSLAUNCH_OPT_REPORT_JSON=" + run.path);
  CHECK(test::run(in_shard("exit 3"), with).status == 3);
  CHECK(run.report().at("nslaunch_status") == 3);
  CHECK(test::run(in_shard("echo ran", {"--isolation=none"}), with).status == 125);
}

}  // namespace nslaunch::test
