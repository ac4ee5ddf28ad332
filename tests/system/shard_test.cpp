#include <nslaunch/shard.hpp>

#include <sys/wait.h>
#include <nslaunch/error.hpp>

#include <catch2/catch.hpp>
#include <csignal>

#include "support/embedded.hpp"
#include "support/registry_scene.hpp"
#include "sys/base/signals.hpp"
#include "sys/process/procfs.hpp"

namespace nslaunch::test {
namespace {

using std::chrono::milliseconds;

ShardOptions writing_to(const Heard& heard) {
  return {.messages = {}, .streams = {.in = -1, .out = heard.writer(), .err = -1}};
}

/// An event loop over several shards, until `done`.
template <typename Done>
void turn(std::vector<Shard*> shards, Done&& done) {
  while (!done()) {
    std::vector<pollfd> watched;
    for (const auto* shard : shards) watched.push_back({shard->fd(), POLLIN, 0});
    constexpr int kLimit = 60'000;
    REQUIRE(::poll(watched.data(), watched.size(), kLimit) > 0);
    for (std::size_t at = 0; at < shards.size(); ++at) {
      if (watched[at].revents != 0) shards[at]->handle_events();
    }
  }
}

void start(Shard& shard) {
  turn({&shard}, [&] { return shard.started() || shard.ended(); });
  REQUIRE(shard.started());
}

bool is_readable(const Shard& shard) {
  pollfd watched = {shard.fd(), POLLIN, 0};
  return ::poll(&watched, 1, 0) == 1;
}

volatile std::sig_atomic_t handled = 0;

void count_signal(int) {
  handled = handled + 1;
}

}  // namespace

TEST_CASE("a shard is run from an event loop, and writes where it was told to") {
  const StateDir state;
  Heard heard;
  Shard shard(shell_spec("cat; echo $NSLAUNCH_ID; echo aside >&2; exit 3"),
              {.messages = {}, .streams = {.in = -1, .out = heard.writer(), .err = heard.writer()}});
  CHECK_FALSE(shard.ended());
  CHECK_THROWS_AS(shard.outcome(), UsageError);
  turn({&shard}, [&] { return shard.ended(); });
  CHECK(shard.started());
  CHECK(shard.outcome().exit_status == 3);
  CHECK(shard.outcome().all_gone);
  CHECK(shard.outcome().isolation.starts_with("net,pid,mnt,ipc"));
  CHECK_FALSE(is_readable(shard));
  CHECK(heard.rest() == shard.id() + "\naside\n");
  CHECK(state.names().empty());
}

TEST_CASE("two shards run at once from one event loop, and one of them runs out of its time") {
  const StateDir state;
  Heard heard;
  const auto input = sys::make_pipe();
  auto limited = shell_spec("exec sleep 1000");
  limited.timeout = milliseconds{300};
  Shard first(limited, writing_to(heard));
  Shard second(shell_spec("echo second; read line; exit 4"),
               {.messages = {}, .streams = {.in = input.read.get(), .out = heard.writer()}});
  turn({&first, &second}, [&] { return first.ended() && second.started(); });
  CHECK(first.outcome().cause == EndCause::kTimeout);
  CHECK(first.outcome().term_signal == SIGTERM);
  CHECK(heard.line() == "second");
  CHECK_FALSE(second.ended());
  REQUIRE(::write(input.write.get(), "\n", 1) == 1);
  CHECK(second.wait().exit_status == 4);
  CHECK(state.names().empty());
}

TEST_CASE(
    "a shard leaves its caller's descriptors, signal mask and handlers alone, and no child to wait for") {
  const StateDir state;
  const auto action_before = sys::set_handler(SIGCHLD, count_signal);
  const auto mask_before = sys::SignalState::current().blocked;
  handled = 0;
  const auto descriptors_before = open_descriptors();
  {
    Heard heard;
    Shard shard(shell_spec("sleep 1000 & exit 0"), writing_to(heard));
    CHECK(shard.wait().leak_count == 1);
  }
  CHECK(open_descriptors() == descriptors_before);
  CHECK(handled == 0);
  CHECK(::waitpid(-1, nullptr, WNOHANG | __WALL) == -1);
  struct sigaction action = {};
  ::sigaction(SIGCHLD, &action_before, &action);
  CHECK(action.sa_handler == count_signal);
  const auto mask = sys::SignalState::current().blocked;
  for (int signal = 1; signal <= SIGRTMAX; ++signal)
    CHECK(mask.contains(signal) == mask_before.contains(signal));
}

TEST_CASE("what its caller does at a signal is not done by a shard's init") {
  const StateDir state;
  Heard heard;
  const auto action_before = sys::set_handler(SIGUSR1, count_signal);
  Shard shard(shell_spec("exec sleep 1000"), writing_to(heard));
  const auto init = list().at(0).record.init.pid;
  start(shard);
  CHECK(sys::status_field(init, "SigCgt") == std::string(16, '0'));
  ::sigaction(SIGUSR1, &action_before, nullptr);
}

TEST_CASE("the command gets the signals that its caller hands on, also those from before its start") {
  const StateDir state;
  Heard heard;
  const auto script =
      "trap 'echo got' USR1; trap 'echo told; exit 5' TERM; echo ready; while :; do sleep 0.1; done";
  Shard shard(shell_spec(script), writing_to(heard));
  CHECK_THROWS_AS(shard.signal(0), UsageError);
  CHECK_THROWS_AS(shard.signal(SIGRTMAX + 1), UsageError);
  start(shard);
  CHECK(heard.line() == "ready");
  shard.signal(SIGUSR1);
  CHECK(heard.line() == "got");
  shard.signal(SIGTERM);
  CHECK(heard.line() == "told");
  CHECK(shard.wait().cause == EndCause::kTerminated);
  CHECK(shard.outcome().exit_status == 5);
  shard.signal(SIGTERM);

  Shard early(shell_spec("exec sleep 1000"), writing_to(heard));
  early.signal(SIGTERM);
  CHECK(early.wait().term_signal == SIGTERM);
}

TEST_CASE("SIGTERM that a command ignores is its end when the grace is over") {
  const StateDir state;
  Heard heard;
  auto spec = shell_spec("trap '' TERM; echo ready; sleep 1000");
  spec.grace = milliseconds{100};
  Shard shard(spec, writing_to(heard));
  start(shard);
  CHECK(heard.line() == "ready");
  shard.signal(SIGTERM);
  CHECK(shard.wait().grace_expired);
}

TEST_CASE("a shard is killed at once, whenever that is") {
  const StateDir state;
  Heard heard;
  const auto mark = unique_text();
  Shard shard(shell_spec("trap '' TERM; echo ready; sleep 1000 # " + mark), writing_to(heard));
  SECTION("while its command runs") {
    start(shard);
    CHECK(heard.line() == "ready");
    CHECK_FALSE(shard.wait_for(milliseconds{1}));
    shard.kill();
    CHECK(shard.wait().cause == EndCause::kKilled);
    CHECK(shard.outcome().term_signal == SIGKILL);
    CHECK(shard.outcome().all_gone);
  }
  SECTION("before that, and has no outcome then") {
    shard.kill();
    CHECK(shard.ended());
    CHECK_THROWS_AS(shard.outcome(), Error);
  }
  SECTION("at the end of its object") {
    start(shard);
    Shard moved(std::move(shard));
    CHECK_FALSE(moved.ended());
    shard = Shard(shell_spec("exit 3"), writing_to(heard));
    moved = std::move(shard);
    CHECK(find_processes(mark).empty());
    CHECK(moved.wait().exit_status == 3);
  }
  CHECK(find_processes(mark).empty());
  CHECK(state.names().empty());
}

TEST_CASE("a shard whose command is not there has ended, and its outcome says why") {
  const StateDir state;
  auto spec = shell_spec("");
  spec.command = {"/there/is/none"};
  Shard shard(spec);
  CHECK_THROWS_AS(shard.wait(), CommandError);
  CHECK(shard.ended());
  CHECK_FALSE(shard.started());
  CHECK_THROWS_AS(shard.exec({.command = {"true"}}), UsageError);
  spec.command.clear();
  CHECK_THROWS_AS(Shard(spec), UsageError);
  CHECK(state.names().empty());
}

TEST_CASE("the limit on silence of a shard is about the streams that it was given") {
  const StateDir state;
  Heard heard;
  auto spec = shell_spec("for i in 1 2 3 4; do echo $i; sleep 1; done; exec sleep 1000");
  spec.silence = milliseconds{3000};  // far more than a busy machine keeps one of its lines back
  Shard shard(spec, writing_to(heard));
  CHECK(shard.wait().cause == EndCause::kSilence);
  CHECK(heard.rest() == "1\n2\n3\n4\n");
}

}  // namespace nslaunch::test
