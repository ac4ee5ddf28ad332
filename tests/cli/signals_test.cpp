#include <catch2/catch.hpp>
#include <csignal>

#include "support/counter.hpp"
#include "support/identity.hpp"

namespace nslaunch::test {
namespace {

std::vector<int> forwarded_signals(bool on_terminal) {
  std::vector<int> signals = {SIGTERM, SIGINT,   SIGHUP,   SIGQUIT,      SIGUSR1,     SIGUSR2,
                              SIGALRM, SIGWINCH, SIGPIPE,  SIGURG,       SIGIO,       SIGPROF,
                              SIGTRAP, SIGXFSZ,  SIGRTMIN, SIGRTMIN + 7, SIGRTMAX - 1};
  // On a terminal SIGCONT is the shell's, for the whole job.
  if (!on_terminal) signals.push_back(SIGCONT);
  return signals;
}

}  // namespace

TEST_CASE("a signal sent to nslaunch alone reaches the command exactly once") {
  const bool on_terminal = GENERATE(false, true);
  Counter counter(on_terminal, {"--grace", "60s"});
  for (const int signal : forwarded_signals(on_terminal)) {
    INFO((on_terminal ? "on a terminal, " : "without a terminal, ") << got(signal));
    REQUIRE(::kill(counter.launcher(), signal) == 0);
    REQUIRE(counter.line() == got(signal));
  }
  ::kill(counter.launcher(), kDone);
  CHECK(counter.line() == "done");
  CHECK(counter.wait().status == 0);
}

TEST_CASE("a signal sent to nslaunch's whole process group reaches the command exactly once") {
  const bool on_terminal = GENERATE(false, true);
  Counter counter(on_terminal, {"--grace", "60s"});
  for (const int signal : forwarded_signals(on_terminal)) {
    INFO((on_terminal ? "on a terminal, " : "without a terminal, ") << got(signal));
    REQUIRE(::kill(-counter.launcher(), signal) == 0);
    REQUIRE(counter.line() == got(signal));
  }
  ::kill(counter.launcher(), kDone);
  CHECK(counter.line() == "done");
  CHECK(counter.wait().status == 0);
}

TEST_CASE("a hundred signals to the whole process group are a hundred for the command, not one more") {
  const bool on_terminal = GENERATE(false, true);
  Counter counter(on_terminal);
  for (int count = 0; count < 100; ++count) {
    INFO(on_terminal << " number " << count);
    REQUIRE(::kill(-counter.launcher(), SIGUSR1) == 0);
    REQUIRE(counter.line() == got(SIGUSR1));
    // Sent to the launcher alone, this one comes after whatever the launcher still had to forward.
    REQUIRE(::kill(counter.launcher(), SIGUSR2) == 0);
    REQUIRE(counter.line() == got(SIGUSR2));
  }
  ::kill(counter.launcher(), kDone);
  CHECK(counter.line() == "done");
}

TEST_CASE("signals sent to the whole process group without a pause do not become more on their way") {
  const bool on_terminal = GENERATE(false, true);
  constexpr int kSent = 500;
  Counter counter(on_terminal);
  for (int count = 0; count < kSent; ++count) REQUIRE(::kill(-counter.launcher(), SIGUSR1) == 0);
  ::kill(counter.launcher(), kDone);
  int seen = 0;
  while (counter.line() == got(SIGUSR1)) ++seen;
  // Ordinary signals that wait become one: there may be fewer.
  INFO("on a terminal: " << on_terminal);
  CHECK(seen >= 1);
  CHECK(seen <= kSent);
}

TEST_CASE("two signals sent to the whole process group at once do not become three") {
  const bool on_terminal = GENERATE(false, true);
  Counter counter(on_terminal);
  for (int round = 0; round < 200; ++round) {
    REQUIRE(::kill(-counter.launcher(), SIGUSR1) == 0);
    REQUIRE(::kill(-counter.launcher(), SIGUSR1) == 0);
    REQUIRE(::kill(counter.launcher(), SIGUSR2) == 0);
    int seen = 0;
    while (counter.line() == got(SIGUSR1)) ++seen;
    INFO((on_terminal ? "on a terminal, round " : "without a terminal, round ") << round);
    REQUIRE(seen >= 1);
    REQUIRE(seen <= 2);
  }
}

TEST_CASE("signals sent in turn to nslaunch alone and to its whole group are told apart") {
  Counter counter(true);
  for (int count = 0; count < 100; ++count) {
    INFO("number " << count);
    for (const pid_t target : {counter.launcher(), -counter.launcher()}) {
      REQUIRE(::kill(target, SIGUSR1) == 0);
      REQUIRE(counter.line() == got(SIGUSR1));
      // Only when nslaunch is done with one is the next of the same number a signal of its own.
      REQUIRE(::kill(counter.launcher(), SIGUSR2) == 0);
      REQUIRE(counter.line() == got(SIGUSR2));
    }
  }
}

TEST_CASE("real-time signals in a burst all arrive, and none twice") {
  const bool on_terminal = GENERATE(false, true);
  const bool to_group = GENERATE(false, true);
  Counter counter(on_terminal);
  const pid_t target = to_group ? -counter.launcher() : counter.launcher();
  for (int count = 0; count < 50; ++count) {
    REQUIRE(::kill(target, SIGRTMIN + 1) == 0);
    REQUIRE(::kill(target, SIGRTMIN + 2) == 0);
  }
  ::kill(counter.launcher(), kDone);
  int first = 0;
  int second = 0;
  for (auto line = counter.line(); line != "done"; line = counter.line()) {
    first += line == got(SIGRTMIN + 1) ? 1 : 0;
    second += line == got(SIGRTMIN + 2) ? 1 : 0;
  }
  INFO("on a terminal " << on_terminal << ", to the group " << to_group);
  CHECK(first == 50);
  CHECK(second == 50);
}

TEST_CASE("a signal that the caller ignores is neither handled nor forwarded by nslaunch") {
  for (const int ignored : {SIGHUP, SIGINT, SIGTERM, SIGUSR1}) {
    TempDir records;
    StartOptions options;
    options.environment = {"NSLAUNCH_STATE_DIR=" + records.path()};
    options.prepare = [ignored] { ::signal(ignored, SIG_IGN); };
    // The probe blocks signals: an ignored one sent to it would still be seen.
    Process process(nslaunch({"--grace", "1ms", "--", probe_binary(), "signals"}), options);
    REQUIRE(process.read_line() == "ready");
    for (int count = 0; count < 5; ++count) process.send_signal(ignored);
    process.send_signal(SIGUSR2);
    INFO("signal " << ignored);
    CHECK(process.read_line() == got(SIGUSR2));
    process.send_signal(kDone);
    CHECK(process.read_line() == "done");
    CHECK(process.wait().status == 0);
  }
}

}  // namespace nslaunch::test
