#include "sys/io/loop.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <nslaunch/error.hpp>
#include <optional>
#include <string>
#include <vector>

#include "sys/base/fd.hpp"
#include "sys/base/signals.hpp"

using namespace nslaunch;
using namespace nslaunch::sys;
using std::chrono::milliseconds;

namespace {

const Deadline kNow{milliseconds{0}};
const Deadline kNever{std::chrono::hours{24}};

/// A pipe that can be read from at once.
Pipe full_pipe() {
  auto pipe = make_pipe();
  REQUIRE(::write(pipe.write.get(), "x", 1) == 1);
  return pipe;
}

}  // namespace

TEST_CASE("a loop calls the handlers of what has come, in the order in which they were added") {
  Loop loop("waiting for it");
  const Pipe pipes[] = {full_pipe(), make_pipe(), full_pipe()};
  std::string called;
  std::vector<Loop::Watch> watches;
  for (char name = 'a'; const auto& pipe : pipes)
    watches.push_back(
        loop.watch(pipe.read.get(), POLLIN, [&called, name = name++](short) { called += name; }));
  loop.turn();
  CHECK(called == "ac");
}

TEST_CASE("a loop tells what has come, the closing of the other end included") {
  Loop loop("waiting for it");
  auto pipe = make_pipe();
  short seen = 0;
  const auto watch = loop.watch(pipe.read.get(), POLLIN, [&](short events) { seen = events; });
  pipe.write.reset();
  loop.turn();
  CHECK(seen == POLLHUP);
}

TEST_CASE("nothing is called of a watch that has ended, or wants nothing") {
  Loop loop("waiting for it");
  const auto pipe = full_pipe();
  auto closed = make_pipe();
  closed.write.reset();
  int calls = 0;
  auto ended = loop.watch(pipe.read.get(), POLLIN, [&](short) { ++calls; });
  auto idle = loop.watch(closed.read.get(), POLLIN, [&](short) { ++calls; });
  const auto nobody = loop.watch(-1, POLLIN, [&](short) { ++calls; });
  ended.end();
  idle.want(0);
  loop.turn(0);
  CHECK(calls == 0);
  idle.want(POLLIN);
  loop.turn();
  CHECK(calls == 1);
}

TEST_CASE("a handler ends others that have come, and itself, and nothing of them is called any more") {
  Loop loop("waiting for it");
  const Pipe pipes[] = {full_pipe(), full_pipe(), full_pipe()};
  std::string called;
  std::optional<Loop::Watch> first, second;
  first = loop.watch(pipes[0].read.get(), POLLIN, [&](short) {
    called += 'a';
    second.reset();
    first.reset();
    called += 'A';  // what the handler has with it is there till it returns
  });
  second = loop.watch(pipes[1].read.get(), POLLIN, [&](short) { called += 'b'; });
  const auto third = loop.watch(pipes[2].read.get(), POLLIN, [&](short) { called += 'c'; });
  loop.turn();
  loop.turn();
  CHECK(called == "aAcc");
}

TEST_CASE("a handler can't turn its own loop, which turns again afterwards") {
  Loop loop("waiting in a test");
  int turns = 0;
  auto timer = loop.timer([&] {
    ++turns;
    loop.turn(0);
  });
  for (int expected = 1; expected <= 2; ++expected) {
    timer.set(Deadline(std::chrono::milliseconds{0}));
    CHECK_THROWS_WITH(loop.turn(), Catch::Contains("a handler has turned its own loop"));
    CHECK(turns == expected);
  }
}

TEST_CASE("what a handler adds is waited for from the next turn on") {
  Loop loop("waiting for it");
  const auto pipe = full_pipe();
  std::string called;
  std::vector<Loop::Watch> added;
  const auto watch = loop.watch(pipe.read.get(), POLLIN, [&](short) {
    called += 'a';
    while (added.size() < 100)
      added.push_back(loop.watch(pipe.read.get(), POLLIN, [&](short) { called += 'b'; }));
  });
  loop.turn();
  CHECK(called == "a");
  loop.turn();
  CHECK(called == "aa" + std::string(100, 'b'));
}

TEST_CASE("a watch that takes another's place ends that one, and may outlive its loop") {
  std::optional<Loop> loop(std::in_place, "waiting for it");
  const auto pipe = full_pipe();
  std::string called;
  auto watch = loop->watch(pipe.read.get(), POLLIN, [&](short) { called += 'a'; });
  watch = loop->watch(pipe.read.get(), POLLIN, [&](short) { called += 'b'; });
  loop->turn();
  CHECK(called == "b");
  loop.reset();
  watch.want(POLLOUT);
}

TEST_CASE("a timer is called once each time that it is set, behind what has come meanwhile") {
  Loop loop("waiting for it");
  const auto pipe = full_pipe();
  std::string called;
  auto timer = loop.timer([&] { called += 't'; });
  const auto watch = loop.watch(pipe.read.get(), POLLIN, [&](short) { called += 'a'; });
  loop.turn();
  timer.set(kNow);
  CHECK(timer.is_set());
  loop.turn();
  CHECK_FALSE(timer.is_set());
  loop.turn();
  CHECK(called == "aata");
}

TEST_CASE("a loop waits for the nearest of its timers, and no longer than it is told to") {
  Loop loop("waiting for it");
  int calls = 0;
  auto late = loop.timer([&] { calls += 100; });
  auto soon = loop.timer([&] { ++calls; });
  late.set(kNever);
  loop.turn(1);
  CHECK(calls == 0);
  soon.set(Deadline(milliseconds{5}));
  while (soon.is_set()) loop.turn();
  CHECK(calls == 1);
}

TEST_CASE("a timer that is postponed, cleared or ended is not called") {
  Loop loop("waiting for it");
  int calls = 0;
  auto postponed = loop.timer([&] { ++calls; });
  auto cleared = loop.timer([&] { ++calls; });
  auto ended = loop.timer([&] { ++calls; });
  for (auto* timer : {&postponed, &cleared, &ended}) timer->set(kNow);
  postponed.postpone(std::chrono::hours{24});
  cleared.clear();
  cleared.postpone(std::chrono::hours{1});
  ended.end();
  loop.turn(0);
  CHECK(calls == 0);
  CHECK(postponed.is_set());
  CHECK_FALSE(cleared.is_set());
}

TEST_CASE("a timer's handler may set it again, and end the others") {
  Loop loop("waiting for it");
  std::string called;
  std::optional<Loop::Timer> first, second;
  first = loop.timer([&] {
    called += 'a';
    if (called.size() < 3) first->set(kNow);
    second.reset();
  });
  second = loop.timer([&] { called += 'b'; });
  first->set(kNow);
  second->set(kNow);
  while (first->is_set()) loop.turn();
  CHECK(called == "aaa");
}

TEST_CASE("what a handler throws leaves the turn, and the loop goes on") {
  Loop loop("waiting for it");
  const auto pipe = full_pipe();
  int calls = 0;
  auto throwing = loop.watch(pipe.read.get(), POLLIN, [](short) { throw Error({}, "no"); });
  const auto other = loop.watch(pipe.read.get(), POLLIN, [&](short) { ++calls; });
  CHECK_THROWS_AS(loop.turn(), Error);
  throwing.end();
  loop.turn();
  CHECK(calls == 1);
}

TEST_CASE("a loop that can't wait says so") {
  Loop loop("waiting for it");
  const auto pipe = make_pipe();
  std::vector<Loop::Watch> watches;
  for (int number = 0; number < 8; ++number)
    watches.push_back(loop.watch(pipe.read.get(), POLLIN, [](short) {}));
  rlimit before = {};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  const rlimit few = {4, before.rlim_max};  // poll(2) takes no more entries than that
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &few) == 0);
  CHECK_THROWS_WITH(loop.turn(0), "waiting for it: Invalid argument");
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
}

TEST_CASE("a loop hands out each signal that has come") {
  SignalSet set;
  for (const int signal : {SIGUSR1, SIGUSR2}) set.add(signal);
  const BlockedSignals blocked(set);
  const auto signals = make_signalfd(set);
  Loop loop("waiting for it");
  std::vector<int> seen;
  const auto watch = loop.watch_signals(
      signals.get(), [&](const auto& info) { seen.push_back(static_cast<int>(info.ssi_signo)); });
  ::kill(::getpid(), SIGUSR1);
  ::kill(::getpid(), SIGUSR2);
  loop.turn();
  CHECK(seen == std::vector<int>{SIGUSR1, SIGUSR2});
}
