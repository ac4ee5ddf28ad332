#include <catch2/catch.hpp>
#include <csignal>
#include <optional>

#include "support/fuse_folder.hpp"
#include "support/hostile.hpp"
#include "support/live_shard.hpp"
#include "support/pty.hpp"
#include "sys/files.hpp"

// How exec ends where its process does not.
namespace nslaunch::test {
namespace {

using Catch::Matchers::Contains;

bool is_stopped(const std::string& mark) {
  for (const pid_t pid : find_processes(mark)) {
    const auto stat = sys::read_file(fmt::format("/proc/{}/stat", pid).c_str()).value_or("");
    if (stat.find(") T ") != std::string::npos) return true;
  }
  return false;
}

Words exec_of(const LiveShard& shard, const std::string& script, const std::string& mark = "sh") {
  return nslaunch({"exec", shard.id, "--", "sh", "-c", script, mark});
}

}  // namespace

TEST_CASE("root's exec ends at the next signal where another user's process has not ended of the first") {
  const Hostile user;
  const LiveShard shard(user.registry, user.words({}));
  const bool is_stopped_by_user = GENERATE(false, true);
  CAPTURE(is_stopped_by_user);
  const auto mark = unique_text();
  const auto* const script = is_stopped_by_user ? "echo ready; kill -STOP $$"
                                                : "trap '' TERM; echo ready; while :; do sleep 0.01; done";
  PtySession terminal(exec_of(shard, script, mark), user.options());
  terminal.expect("ready");
  if (is_stopped_by_user) REQUIRE(eventually([&] { return is_stopped(mark); }));
  REQUIRE(::kill(terminal.pid(), SIGTERM) == 0);
  terminal.expect("has not ended of it");
  terminal.expect("one more Ctrl-C, or signal, ends this exec");
  REQUIRE(::kill(terminal.pid(), SIGTERM) == 0);
  CHECK(terminal.wait().signal == SIGTERM);
}

TEST_CASE("Ctrl-C, again and again, ends root's exec on a terminal whose process is another user's") {
  const Hostile user;
  const LiveShard shard(user.registry, user.words({}));
  PtySession terminal(exec_of(shard, "trap '' INT; echo ready; while :; do sleep 0.01; done"),
                      user.options());
  terminal.expect("ready");
  terminal.send("\x03");
  terminal.send("\x03");
  terminal.expect("one more Ctrl-C within 10 s, or signal, ends this exec");
  terminal.send("\x03");
  CHECK(terminal.wait().signal == SIGINT);
}

TEST_CASE("Ctrl-C ends root's exec also where another user's process has let its keys pile up") {
  const Hostile user;
  const LiveShard shard(user.registry, user.words({}));
  PtySession terminal(exec_of(shard, "trap '' INT; stty raw -echo; echo ready; while :; do sleep 0.01; done"),
                      user.options());
  terminal.expect("ready");
  // A pseudoterminal takes some 70 KB of them.
  for (int piece = 0; piece < 110; ++piece) terminal.send(std::string(1000, 'x'));
  terminal.send("\x03\x03");
  terminal.expect("one more Ctrl-C within 10 s, or signal, ends this exec");
  terminal.send("\x03");
  CHECK(terminal.wait().signal == SIGINT);
}

TEST_CASE("keys that come faster than a process takes them are all its own") {
  const RegistryView registry;
  const LiveShard shard(registry);
  PtySession terminal(exec_of(shard, "stty raw -echo; echo ready; sleep 1; head -c 110000 | tr -d x | wc -c"),
                      registry.options());
  terminal.expect("ready");
  for (int piece = 0; piece < 110; ++piece) terminal.send(std::string(999, 'x') + "y");
  terminal.expect("110");
}

TEST_CASE("keys that another user's process takes late, after root's exec has read on, are all its own") {
  const Hostile user;
  const LiveShard shard(user.registry, user.words({}));
  PtySession terminal(exec_of(shard, "stty raw -echo; echo ready; sleep 5; head -c 150000 | tr -d x | wc -c"),
                      user.options());
  terminal.expect("ready");
  for (int piece = 0; piece < 150; ++piece) terminal.send(std::string(999, 'x') + "y");
  terminal.expect("150");
}

TEST_CASE(
    "a SIGHUP that is sent to root's exec is another user's process's alone while the terminal is there") {
  const Hostile user;
  const LiveShard shard(user.registry, user.words({}));
  const auto* const script = "trap 'echo reloaded' HUP; echo ready; read line; echo got $line; exit 7";
  PtySession terminal(exec_of(shard, script), user.options());
  terminal.expect("ready");
  REQUIRE(::kill(terminal.pid(), SIGHUP) == 0);
  terminal.expect("reloaded");
  terminal.expect("has not ended of it");
  terminal.send("on\r");
  terminal.expect("got on");
  CHECK(terminal.wait().status == 7);
}

TEST_CASE("root's exec of another user's process ends some time after its terminal has been closed") {
  const Hostile user;
  const LiveShard shard(user.registry, user.words({}));
  PtySession terminal(exec_of(shard, "trap '' HUP; echo ready; while :; do sleep 0.01; done"),
                      user.options());
  terminal.expect("ready");
  terminal.hang_up();
  CHECK(terminal.wait().signal == SIGHUP);
}

TEST_CASE("so it does when it has said before that the process has not ended, and takes no hangup") {
  const Hostile user;
  const LiveShard shard(user.registry, user.words({}));
  Words words = {"sh", "-c", "trap '' HUP; exec \"$@\"", "-"};
  for (const auto& word : exec_of(shard, "trap '' INT HUP; echo ready; while :; do sleep 0.01; done"))
    words.push_back(word);
  PtySession terminal(words, user.options());
  terminal.expect("ready");
  terminal.send("\x03\x03");
  terminal.expect("one more Ctrl-C within 10 s, or signal, ends this exec");
  terminal.hang_up();
  const auto ended = terminal.wait();
  CHECK((ended.signal == SIGHUP || ended.status == 128 + SIGHUP));
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

TEST_CASE("a process of exec's that does not come to its exec keeps init from nothing for long") {
  const Hostile user;
  std::optional<FuseFolder> mute(std::in_place, user.own + "/mute", user.uid, user.gid,
                                 FuseFolder::Shows::kNothing);
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
