#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>

#include "support/counter.hpp"
#include "support/identity.hpp"
#include "support/skip.hpp"
#include "support/slow_fifo.hpp"
#include "support/tampered.hpp"
#include "sys/process/procfs.hpp"

namespace nslaunch::test {
namespace {

using Catch::Matchers::Contains;

struct Started {
  TempDir records;
  Process process;
  explicit Started(const Words& words, StartOptions options = {})
      : process(words, with(std::move(options))) {}

 private:
  StartOptions with(StartOptions options) const {
    options.environment.push_back("NSLAUNCH_STATE_DIR=" + records.path());
    options.environment.push_back("N=" + nslaunch_binary());
    options.environment.push_back("P=" + probe_binary());
    return options;
  }
};

/// Bounded by the alarm of the test's label: the next stop or continuation of a child.
int wait_for_change(pid_t child, int what) {
  siginfo_t change = {};
  REQUIRE(eventually([&] {
    return ::waitid(P_PID, static_cast<id_t>(child), &change, what | WNOHANG) == 0 && change.si_pid == child;
  }));
  return change.si_status;
}

}  // namespace

TEST_CASE(
    "a signal that comes when the command has started and its launcher has not heard of it is the "
    "command's") {
  if (!can_tamper()) SKIP_TEST("needs strace, and to be allowed to trace");
  const auto signal = GENERATE(SIGTERM, SIGINT, SIGHUP, SIGQUIT);
  // The launcher's and init's words are on their way for a third of a second.
  auto words = tampered(
      "sendmsg:delay_enter=300000",
      in_shard("trap 'echo cleaned; exit 5' TERM INT HUP QUIT; echo ready; while :; do sleep 0.01; done"));
  words.insert(words.begin() + 1, "-D");  // beside it, not above it
  Started started(words);
  REQUIRE(started.process.read_line() == "ready");
  started.process.send_signal(signal);
  const auto result = started.process.wait();
  CHECK(result.out == "cleaned\n");
  CHECK(result.status == 5);
}

TEST_CASE(
    "a command that does not end within the grace after SIGTERM is killed, and nslaunch dies of SIGKILL") {
  const bool on_terminal = GENERATE(false, true);
  Counter counter(on_terminal, {"--grace", "1s"});  // for the command to say what it got
  ::kill(counter.launcher(), SIGTERM);
  CHECK(counter.line() == got(SIGTERM));
  const auto result = counter.wait();
  CHECK(result.signal == SIGKILL);
  CHECK((result.out + result.err).find("did not end within 1.0s") != std::string::npos);
}

TEST_CASE("a signal that comes when the command has ended changes nothing: status, report, record, capture") {
  if (!can_tamper()) SKIP_TEST("needs strace, and to be allowed to trace");
  const TempDir directory;
  const auto capture = directory / "capture";
  const auto report = directory / "report";
  auto words = tampered("unlinkat:signal=SIGTERM",
                        in_shard("trap '' TERM; exit 3", {"--tmp", "host", "--pcap", capture + ":on-failure",
                                                          "--report-json", report}));
  words.erase(std::find(words.begin(), words.end(), "-f"));  // the launcher's calls alone
  Started started(words);
  const auto ended = started.process.wait();
  INFO(ended.err);
  CHECK(ended.status == 3);
  CHECK(std::filesystem::exists(capture));
  CHECK(std::filesystem::exists(report));
  CHECK(std::filesystem::is_empty(started.records.path()));
}

TEST_CASE("a signal that comes while the reports of a launch that failed are written costs nothing") {
  const TempDir directory;
  const SlowFifo fifo(directory / "report.json");
  const auto junit = directory / "report.xml";
  const bool is_fleet = GENERATE(false, true);
  Words words = {"--report-json", fifo.path(), "--report-junit", junit};
  if (is_fleet) words.insert(words.end(), {"--shards", "1"});
  // So long that the message is larger than a pipe.
  words.insert(words.end(), {"--overlay", "/nonexistent" + std::string(20'000, '/'), "--", "true"});
  Started started(nslaunch(words));
  fifo.wait_until_written();
  started.process.send_signal(SIGTERM);
  CHECK_THAT(fifo.read(), Contains("\"nslaunch_status\":125"));
  const auto ended = started.process.wait();
  CHECK(ended.status == 125);
  CHECK_THAT(ended.err, Contains("/nonexistent"));
  CHECK(std::filesystem::file_size(junit) > 0);
}

TEST_CASE("a command that handles SIGTERM keeps its own exit status") {
  Started started(in_shard("trap 'echo cleaned; exit 5' TERM; echo ready; while :; do sleep 0.01; done"));
  REQUIRE(started.process.read_line() == "ready");
  started.process.send_signal(SIGTERM);
  const auto result = started.process.wait();
  CHECK(result.out == "cleaned\n");
  CHECK(result.status == 5);
  CHECK(result.err.find("nslaunch: ") == std::string::npos);
}

TEST_CASE("a command that dies of the SIGTERM makes nslaunch die of it") {
  Started started(in_shard("echo ready; exec sleep 1000"));
  REQUIRE(started.process.read_line() == "ready");
  started.process.send_signal(SIGTERM);
  CHECK(started.process.wait().signal == SIGTERM);
}

TEST_CASE("SIGINT and SIGHUP that somebody sent start no grace") {
  const bool on_terminal = GENERATE(false, true);
  Counter counter(on_terminal, {"--grace", "1ms"});
  for (const int signal : {SIGINT, SIGHUP, SIGHUP, SIGHUP}) {
    ::kill(counter.launcher(), signal);
    REQUIRE(counter.line() == got(signal));
  }
  // Each of these goes through nslaunch and back: far longer than the grace.
  for (int count = 0; count < 100; ++count) {
    ::kill(counter.launcher(), SIGUSR1);
    REQUIRE(counter.line() == got(SIGUSR1));
  }
  ::kill(counter.launcher(), kDone);
  CHECK(counter.line() == "done");
  CHECK(counter.wait().status == 0);
}

TEST_CASE("three SIGINT within 3 s kill the shard at once, and nslaunch says so") {
  const bool on_terminal = GENERATE(false, true);
  Counter counter(on_terminal, {"--grace", "60s"});
  for (int count = 0; count < 2; ++count) {
    ::kill(counter.launcher(), SIGINT);
    REQUIRE(counter.line() == got(SIGINT));
  }
  // Two do not.
  ::kill(counter.launcher(), SIGUSR1);
  REQUIRE(counter.line() == got(SIGUSR1));
  ::kill(counter.launcher(), SIGINT);
  const auto result = counter.wait();
  CHECK(result.signal == SIGINT);
  CHECK((result.out + result.err).find("interrupted three times") != std::string::npos);
}

TEST_CASE("three Ctrl-C kill a command that does not care, and nslaunch says so") {
  TempDir records;
  StartOptions options;
  options.environment = {"NSLAUNCH_STATE_DIR=" + records.path()};
  PtySession session(nslaunch({"--grace", "60s", "--", probe_binary(), "signals"}), options);
  session.expect("ready");
  for (int count = 0; count < 3; ++count) {
    session.send("\x03");
    if (count == 2) break;
    session.expect(got(SIGINT));
    // Passed on only after nslaunch has taken note of the Ctrl-C, too: instances that wait become one.
    ::kill(session.pid(), SIGUSR1);
    session.expect(got(SIGUSR1));
  }
  session.expect("interrupted three times within 3 s");
  CHECK(session.wait().signal == SIGINT);
}

TEST_CASE("kill -1 in a shard reaches nothing outside") {
  Started bystander({probe_binary(), "signals"});
  REQUIRE(bystander.process.read_line() == "ready");
  StartOptions options;
  char outside[64] = {};
  REQUIRE(::readlink("/proc/self/ns/pid", outside, sizeof outside - 1) > 0);
  options.environment = {std::string("OUTSIDE=") + outside};
  // The comparison keeps a broken nslaunch from ending the machine that tests it.
  Started started(
      in_shard("test \"$(readlink /proc/self/ns/pid)\" != \"$OUTSIDE\" || exit 77\n"
               "$P signals & sleep 1000 & trap '' TERM; kill -TERM -1; kill -WINCH -1; wait $!; echo $?"),
      options);
  const auto result = started.process.wait();
  INFO(result.err);
  CHECK(result.status == 0);
  CHECK(result.out.find("143") != std::string::npos);
  bystander.process.send_signal(kDone);
  CHECK(bystander.process.read_line() == "done");
}

TEST_CASE("kill 0 in a shard without a terminal reaches nothing outside") {
  Started started(
      {"sh", "-c",
       "$P signals & read -r go; $N -- sh -c 'kill -USR1 0'; echo status $?; kill -64 $!; wait $!"});
  REQUIRE(started.process.read_line() == "ready");
  started.process.write_input("go\n");
  CHECK(started.process.read_line() == "status 138");
  CHECK(started.process.read_line() == "done");
}

TEST_CASE("what is sent while nslaunch is stopped arrives once it is continued") {
  const bool on_terminal = GENERATE(false, true);
  Counter counter(on_terminal);
  ::kill(counter.launcher(), SIGSTOP);
  CHECK(wait_for_change(counter.launcher(), WSTOPPED) == SIGSTOP);
  ::kill(counter.launcher(), SIGUSR1);
  ::kill(counter.launcher(), SIGCONT);
  // Without a terminal the command is told of the continuation, too; in which order is open.
  int usr1 = 0;
  ::kill(counter.launcher(), kDone);
  for (auto line = counter.line(); line != "done"; line = counter.line())
    usr1 += line == got(SIGUSR1) ? 1 : 0;
  CHECK(usr1 == 1);
  CHECK(counter.wait().status == 0);
}

TEST_CASE("without a terminal SIGTSTP stops the command and nslaunch, and SIGCONT continues both") {
  // Monitor mode without a terminal: the job has its own group in the script's session.
  Started started({"bash", "-c",
                   "set -m; sh -c 'echo $$; exec $N -- $P signals'; echo status $?\n"
                   "job=$(jobs -p); read -r line; wait $job; echo ended $?"});
  const pid_t launcher = std::stoi(started.process.read_line());
  REQUIRE(started.process.read_line() == "ready");
  ::kill(launcher, SIGTSTP);
  REQUIRE(started.process.read_line() == "status 148");
  ::kill(launcher, SIGCONT);
  REQUIRE(started.process.read_line() == got(SIGCONT));
  ::kill(launcher, kDone);
  CHECK(started.process.read_line() == "done");
  started.process.write_input("go on\n");
  CHECK(started.process.read_line() == "ended 0");
}

}  // namespace nslaunch::test
