#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>

#include "support/forwarded.hpp"
#include "support/held_shard.hpp"
#include "support/listeners.hpp"
#include "sys/base/files.hpp"

namespace nslaunch::test {
namespace {

using Catch::Matchers::Contains;

/// The shard is gone, and so is its record.
void expect_nothing_left(const HeldShard& held) {
  CHECK(find_processes(held.mark).empty());
  CHECK(held.registry.files().empty());
}

}  // namespace

TEST_CASE("the shard of a failed command is held: its /tmp is there, and its server answers from outside") {
  HeldShard held;
  CHECK(held.exec("cat /tmp/file; readlink /proc/1/ns/net >/dev/null; kill -0 1 && echo init").out ==
        "left\ninit\n");
  Process forwarder(nslaunch({"port-forward", held.id, "0:9926"}), held.registry.options());
  const auto client = connect_tcp("127.0.0.1", outer_port(forwarder.read_line()));
  REQUIRE(sys::write_all(client.get(), "x") == 0);
  char byte = 0;
  CHECK(::read(client.get(), &byte, 1) == 1);
  CHECK(byte == 'x');

  CHECK(held.registry.ask({"kill", held.id}).status == 0);
  const auto ended = held.launcher.wait();
  INFO(ended.err);
  CHECK(ended.status == 3);
  CHECK(forwarder.wait().status == 0);
  expect_nothing_left(held);
  CHECK_THAT(ended.err, Contains("the command exited with 3; its shard is held for 1h00m, for these:\n") &&
                            Contains("\nnslaunch:   nslaunch exec " + held.id + "\n") &&
                            Contains("\nnslaunch:   nslaunch port-forward " + held.id + " 0:9926\n") &&
                            Contains("\nnslaunch:   nslaunch kill " + held.id + " ") && !Contains("Ctrl-C"));
  CHECK_THAT(ended.err, Contains("still running") && Contains("listening on 127.0.0.1:9926"));
}

TEST_CASE("every way to let go of a held shard keeps the command's status, and its signal") {
  const int signal = GENERATE(SIGTERM, SIGINT, SIGHUP, SIGQUIT);
  const std::string end = GENERATE("exit 3", "kill -USR2 $$");
  HeldShard held(end);
  held.launcher.send_signal(signal);
  const auto ended = held.launcher.wait();
  INFO(ended.err);
  CHECK((ended.status == 3 || ended.signal == SIGUSR2));
  expect_nothing_left(held);
}

TEST_CASE("kill --grace lets go of a held shard and waits for its end, as wait does") {
  HeldShard held;
  CHECK(held.registry.ask({"wait", "--timeout", "50ms", held.id}).status == 124);
  Process waiting(nslaunch({"wait", held.id}), held.registry.options());
  CHECK(held.registry.ask({"kill", "--grace", "30s", held.id}).status == 0);
  expect_nothing_left(held);
  CHECK(held.launcher.wait().status == 3);
  CHECK(waiting.wait().status == 0);
}

TEST_CASE("a shard is held for as long as was said, and says when it ends") {
  const RegistryView registry;
  const auto ended = run(in_shard("kill -ABRT $$", {"--hold-on-failure=50ms", "-v"}), registry.options());
  INFO(ended.err);
  CHECK(ended.signal == SIGABRT);
  CHECK_THAT(ended.err, Contains("the command died of SIGABRT; its shard is held for 50ms") &&
                            Contains("the shard was held for 50ms: it ends now") &&
                            !Contains("nslaunch port-forward") && Contains(" held for "));
  CHECK(registry.files().empty());
}

TEST_CASE("a held shard ends with its launcher, and with a script that has started it") {
  SECTION("a launcher that is killed") {
    HeldShard held;
    held.launcher.send_signal(SIGKILL);
    CHECK(all_gone(held.mark));
    held.registry.reap();
    CHECK(held.registry.files().empty());
  }
  SECTION("a script that is killed") {
    const RegistryView registry;
    const auto mark = unique_text();
    Words words = {"sh", "-c", "\"$@\"; :", "sh"};
    const auto launcher =
        in_shard("echo $NSLAUNCH_ID; sleep 1000 & : " + mark + "; exit 3", {"--hold-on-failure=1h"});
    words.insert(words.end(), launcher.begin(), launcher.end());
    Process script(words, registry.options());
    await_hold(registry, script.read_line());
    script.send_signal(SIGKILL);
    CHECK(all_gone(mark));
    CHECK(eventually([&] { return registry.files().empty(); }));
  }
}

TEST_CASE("a command that passes, or that somebody told to end, is not held") {
  const RegistryView registry;
  const Words hold = {"--hold-on-failure=1h"};
  SECTION("it passes") {
    const auto ended = run(in_shard("exit 0", hold), registry.options());
    CHECK(ended.status == 0);
    CHECK(ended.err.empty());
  }
  SECTION("a signal") {
    const int signal = GENERATE(SIGTERM, SIGINT, SIGQUIT, SIGUSR1);
    Process launcher(in_shard("echo up; exec sleep 1000", hold), registry.options());
    REQUIRE(launcher.read_line() == "up");
    launcher.send_signal(signal);
    const auto ended = launcher.wait();
    CHECK(ended.signal == signal);
    CHECK_THAT(ended.err, !Contains("held"));
  }
  SECTION("SIGTERM, and a status of its own") {
    Process launcher(in_shard("trap 'exit 5' TERM; echo up; while :; do sleep 0.01; done", hold),
                     registry.options());
    REQUIRE(launcher.read_line() == "up");
    launcher.send_signal(SIGTERM);
    CHECK(launcher.wait().status == 5);
  }
  CHECK(registry.files().empty());
}

TEST_CASE(
    "the shard of a command that ran out of time is held, whatever it made of it, and the status is 124") {
  const RegistryView registry;
  const std::string trap = GENERATE("'exit 0'", "");
  Process launcher(in_shard("echo $NSLAUNCH_ID; trap " + (trap.empty() ? "''" : trap) +
                                " TERM; while :; do sleep 0.01; done",
                            {"--hold-on-failure=1h", "--timeout=200ms", "--grace=200ms"}),
                   registry.options());
  const auto id = launcher.read_line();
  await_hold(registry, id);
  CHECK(registry.ask({"exec", id, "--", "echo", "inside"}).out == "inside\n");
  CHECK(registry.ask({"kill", id}).status == 0);
  const auto ended = launcher.wait();
  CHECK(ended.status == 124);
  CHECK_THAT(ended.err, Contains("the command ran out of time; its shard is held"));
}

TEST_CASE("what clients run in a held shard is no leak, and ends with it") {
  const RegistryView registry;
  Process launcher(in_shard("echo $NSLAUNCH_ID; exit 3", {"--hold-on-failure=1h", "--leak-grace=1h"}),
                   registry.options());
  const auto id = launcher.read_line();
  await_hold(registry, id);
  const auto mark = unique_text();
  Process client(nslaunch({"exec", id, "--", "sh", "-c", "echo up; sleep 1000 & wait", mark}),
                 registry.options());
  REQUIRE(client.read_line() == "up");
  launcher.send_signal(SIGTERM);
  const auto ended = launcher.wait();
  CHECK(ended.status == 3);
  CHECK_THAT(ended.err, !Contains("still running"));
  const auto entered = client.wait();
  CHECK(entered.status == 128 + SIGKILL);
  CHECK_THAT(entered.err, Contains("has ended"));
  CHECK(find_processes(mark).empty());
}

TEST_CASE("a shard without a record is not held, and says so") {
  StartOptions with;
  with.environment = {"NSLAUNCH_STATE_DIR=/dev/null"};
  const auto ended = run(in_shard("exit 3", {"--hold-on-failure=1h"}), with);
  CHECK(ended.status == 3);
  CHECK_THAT(ended.err, Contains("the shard is not held: it has no record"));
}

TEST_CASE("a hold of no length, or of no shard, is refused; the variable asks for one as the option does") {
  const RegistryView registry;
  auto with = registry.options();
  CHECK(run(in_shard("echo ran", {"--hold-on-failure=0"}), with).status == 125);
  const auto none = run(in_shard("echo ran", {"--isolation=none", "--hold-on-failure=1s"}), with);
  CHECK(none.status == 125);
  CHECK(none.out.empty());
  with.environment.push_back("NSLAUNCH_OPT_HOLD_ON_FAILURE=10ms");
  CHECK_THAT(run(in_shard("exit 3"), with).err, Contains("held for 10ms"));
}

}  // namespace nslaunch::test
