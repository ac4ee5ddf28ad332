#include "shard/supervise/peer.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <csignal>
#include <vector>

#include "sys/process/channel.hpp"

namespace nslaunch::shard {
namespace {

/// An init that does not read for a while.
struct DeafInit {
  DeafInit() {
    sys::never_wait(channel.first);
    for (int sent = 0; sent < 5000; ++sent) peer.send(Kind::kFromTerminal, SIGWINCH);
  }
  std::vector<Message> read_all() const {
    std::vector<Message> all;
    while (auto message = receive(channel.second.get(), false)) all.push_back(*message);
    return all;
  }
  bool waits_for_room() const { return !loop.polled().descriptors.empty(); }

  std::pair<sys::Fd, sys::Fd> channel = sys::make_channel();
  sys::Loop loop{"waiting for the test's init"};
  Peer peer{channel.first.get(), loop};
};

}  // namespace

TEST_CASE("an init that is sent more than it reads holds up nobody, and counts as silent") {
  DeafInit init;
  CHECK(init.peer.fell_silent());
  CHECK_FALSE(init.peer.has_news());
  CHECK_FALSE(init.peer.next());
}

TEST_CASE("what init must be told reaches it when it reads again, in its order and once") {
  DeafInit init;
  init.peer.send(Kind::kForward, SIGTERM);
  init.peer.send(Kind::kForward, SIGTERM);
  init.peer.send(Kind::kAskStopped);
  init.peer.send(Kind::kLetGo);
  const auto first = init.read_all();
  CHECK(std::ranges::none_of(first, [](const Message& each) { return each.kind == Kind::kLetGo; }));
  REQUIRE(init.waits_for_room());
  init.loop.turn(1000);
  const auto rest = init.read_all();
  REQUIRE(rest.size() == 3);
  CHECK(rest[0].kind == Kind::kFromTerminal);
  CHECK((rest[1].kind == Kind::kForward && rest[1].code == SIGTERM));
  CHECK(rest[2].kind == Kind::kLetGo);
  CHECK_FALSE(init.waits_for_room());
}

TEST_CASE("of stops and continuations that wait for an init that does not read, the last one counts") {
  const auto [signals, expected] = GENERATE(table<std::vector<int>, std::vector<int>>({
      {{SIGUSR1, SIGCONT, SIGTSTP, SIGCONT}, {SIGUSR1, SIGCONT}},
      {{SIGSTOP, SIGCONT, SIGUSR1, SIGTTIN}, {SIGUSR1, SIGTTIN}},
  }));
  DeafInit init;
  for (const int signal : signals) init.peer.send(Kind::kForward, signal);
  init.read_all();
  init.loop.turn(1000);
  std::vector<int> heard;
  for (const auto& message : init.read_all()) {
    if (message.kind == Kind::kForward) heard.push_back(message.code);
  }
  CHECK(heard == expected);
}

TEST_CASE("real-time signals that wait for an init that does not read are counted") {
  DeafInit init;
  for (int count = 0; count < 3; ++count) init.peer.send(Kind::kForward, SIGRTMIN);
  init.read_all();
  init.loop.turn(1000);
  const auto heard = init.read_all();
  CHECK(std::ranges::count(heard, Kind::kForward, &Message::kind) == 3);
}

TEST_CASE("what can't be told to an init that is gone waits no longer") {
  DeafInit init;
  init.peer.send(Kind::kLetGo);
  init.channel.second.reset();
  init.loop.turn(1000);
  CHECK_FALSE(init.waits_for_room());
}

TEST_CASE("what init says last is heard behind whatever it has logged before") {
  auto channel = sys::make_channel();
  sys::never_wait(channel.first);
  sys::Loop loop{"waiting for the test's init"};
  Peer peer(channel.first.get(), loop);
  for (int count = 0; count < 200; ++count)
    REQUIRE(send(channel.second.get(), {.kind = Kind::kLog, .payload = pack_log_entry("busy")}));
  REQUIRE(send(channel.second.get(), {.kind = Kind::kFinished, .payload = {}}));
  channel.second.reset();
  auto last = Kind::kLog;
  while (const auto message = peer.next()) last = message->kind;
  CHECK(last == Kind::kFinished);
}

}  // namespace nslaunch::shard
