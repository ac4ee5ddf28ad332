#include <catch2/catch.hpp>
#include <csignal>
#include <optional>

#include "support/fuse_directory.hpp"
#include "support/hostile.hpp"
#include "support/live_shard.hpp"
#include "support/pty.hpp"
#include "support/registry_view.hpp"
#include "support/skip.hpp"
#include "support/tampered.hpp"
#include "sys/base/files.hpp"

// How exec ends where its process does not.
namespace nslaunch::test {
namespace {

using Catch::Matchers::Contains;

Words exec_of(const LiveShard& shard, const std::string& script, const std::string& mark = "sh") {
  return nslaunch({"exec", shard.id, "--", "sh", "-c", script, mark});
}

/// Root's exec on a terminal of a process of another user's that is ready.
struct AnothersProcess {
  explicit AnothersProcess(const std::string& script, const std::string& mark = "sh")
      : terminal(exec_of(shard, script, mark), user.options()) {
    terminal.expect("ready");
  }
  void type(int kilobytes) {
    for (int piece = 0; piece < kilobytes; ++piece) terminal.send(std::string(999, 'x') + "y");
  }
  void interrupt_until_told() {
    terminal.send("\x03\x03");
    terminal.expect("one more Ctrl-C within 10 s, or signal, ends this exec");
  }

  Hostile user;
  LiveShard shard{user.registry, user.words({})};
  PtySession terminal;
};

}  // namespace

TEST_CASE("root's exec ends at the next signal where another user's process has not ended of the first") {
  const bool is_stopped_by_user = GENERATE(false, true);
  CAPTURE(is_stopped_by_user);
  const auto mark = unique_text();
  AnothersProcess exec(is_stopped_by_user ? "echo ready; kill -STOP $$"
                                          : "trap '' TERM; echo ready; while :; do sleep 0.01; done",
                       mark);
  if (is_stopped_by_user) REQUIRE(eventually([&] { return is_stopped(mark); }));
  REQUIRE(::kill(exec.terminal.pid(), SIGTERM) == 0);
  exec.terminal.expect("has not ended of it");
  exec.terminal.expect("one more Ctrl-C, or signal, ends this exec");
  REQUIRE(::kill(exec.terminal.pid(), SIGTERM) == 0);
  CHECK(exec.terminal.wait().signal == SIGTERM);
}

TEST_CASE("Ctrl-C, again and again, ends root's exec on a terminal whose process is another user's") {
  AnothersProcess exec("trap '' INT; echo ready; while :; do sleep 0.01; done");
  exec.interrupt_until_told();
  exec.terminal.send("\x03");
  CHECK(exec.terminal.wait().signal == SIGINT);
}

TEST_CASE("Ctrl-C ends root's exec also where another user's process has let its keys pile up") {
  AnothersProcess exec("trap '' INT; stty raw -echo; echo ready; while :; do sleep 0.01; done");
  exec.type(110);  // a pseudoterminal takes some 70
  exec.interrupt_until_told();
  exec.terminal.send("\x03");
  CHECK(exec.terminal.wait().signal == SIGINT);
}

TEST_CASE("keys that a process takes late are all its own, also where root's exec has read on") {
  AnothersProcess exec("stty raw -echo; echo ready; sleep 5; head -c 150000 | tr -d x | wc -c");
  exec.type(150);
  exec.terminal.expect("150");
}

TEST_CASE(
    "a SIGHUP that is sent to root's exec is another user's process's alone while the terminal is there") {
  AnothersProcess exec(
      "trap 'echo reloaded' HUP; echo ready; until read line; do :; done; echo got $line; exit 7");
  REQUIRE(::kill(exec.terminal.pid(), SIGHUP) == 0);
  exec.terminal.expect("reloaded");
  exec.terminal.expect("has not ended of it");
  exec.terminal.send("on\r");
  exec.terminal.expect("got on");
  CHECK(exec.terminal.wait().status == 7);
}

TEST_CASE("root's exec of another user's process ends some time after its terminal has been closed") {
  AnothersProcess exec("trap '' HUP; echo ready; while :; do sleep 0.01; done");
  exec.terminal.hang_up();
  CHECK(exec.terminal.wait().signal == SIGHUP);
}

TEST_CASE("so it does when it has said before that the process has not ended") {
  AnothersProcess exec("trap '' INT HUP; echo ready; while :; do sleep 0.01; done");
  exec.interrupt_until_told();
  exec.terminal.hang_up();
  CHECK(exec.terminal.wait().signal == SIGHUP);
}

TEST_CASE("exec leaves it to a process in one's own shard what it does about a signal, and when") {
  const RegistryView registry;
  const LiveShard shard(registry);
  PtySession terminal(exec_of(shard,
                              "trap 'sleep 4; trap \"exit 3\" TERM; echo slow' TERM; echo ready;"
                              "while :; do sleep 0.01; done"),
                      registry.options());
  terminal.expect("ready");
  REQUIRE(::kill(terminal.pid(), SIGTERM) == 0);
  CHECK_THAT(terminal.read_until("slow"), !Contains("nslaunch"));
  REQUIRE(::kill(terminal.pid(), SIGTERM) == 0);
  CHECK(terminal.wait().status == 3);
}

TEST_CASE("a process of exec's that can't be started, and is kept from its end, keeps init from nothing") {
  if (!can_tamper()) SKIP_TEST("there is no strace that may trace");
  const RegistryView state;
  Process shard(
      tampered("exit_group:delay_enter=30000000", in_shard("echo up; read end", {"--name", "visited"})),
      state.options());
  REQUIRE(shard.read_line() == "up");
  const auto refused =
      run(nslaunch({"exec", "--workdir", "/no/such/place", "visited", "--", "true"}), state.options());
  CHECK(refused.status == 125);
  CHECK_THAT(refused.err, Contains("/no/such/place") && Contains("No such file or directory"));
}

TEST_CASE("a process of exec's that does not come to its exec keeps init from nothing for long") {
  const Hostile user;
  std::optional<FuseDirectory> mute(std::in_place, user.own + "/mute", user.uid, user.gid,
                                    FuseDirectory::Shows::kNothing);
  LiveShard live(user.registry, user.words({}));
  // Its streams stay open where even SIGKILL has to wait for the file system.
  const auto refused = run({"sh", "-c", "\"$@\" > /dev/null 2> " + user.own + "/err", "-", nslaunch_binary(),
                            "exec", "--workdir", mute->path() + "/sub", live.id, "--", "true"},
                           user.options());
  CHECK(refused.status == 125);
  CHECK_THAT(sys::read_file((user.own + "/err").c_str()).value_or(""), Contains("timed out"));
  CHECK(user.registry.ask({"exec", live.id, "--", "echo", "ran"}).out == "ran\n");
  mute.reset();
  live.launcher.close_input();
  CHECK(live.launcher.wait().status == 0);
}

}  // namespace nslaunch::test
