#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <csignal>

#include "support/live_shard.hpp"
#include "support/process.hpp"
#include "support/pty.hpp"
#include "support/shell_session.hpp"
#include "support/terminal_ends.hpp"

namespace nslaunch::test {
namespace {

/// An interactive bash that `nslaunch exec` has started in a shard, on a terminal.
struct ShellInShard {
  RegistryView registry;
  LiveShard shard{registry, {"--env=PS1=<$?>READY ", "--env=TERM=other", "--env=HISTFILE="}};
  PtySession terminal{
      nslaunch({"exec", "--env=TERM=dumb", shard.id, "--", "bash", "--norc", "--noprofile", "-i"}),
      registry.options(),
      {33, 99}};

  ShellInShard() { terminal.expect("<0>READY "); }
  void type(const std::string& line) { terminal.send(line + "\n"); }
};

/// Till the end of the scope.
class Stopped {
 public:
  explicit Stopped(pid_t pid) : pid_(pid) { REQUIRE(::kill(pid, SIGSTOP) == 0); }
  Stopped(const Stopped&) = delete;
  Stopped& operator=(const Stopped&) = delete;
  ~Stopped() { ::kill(pid_, SIGCONT); }

 private:
  pid_t pid_;
};

}  // namespace

TEST_CASE("a shell that exec starts on a terminal has one of its own, with its size, and job control") {
  ShellInShard shell;
  shell.type("tty; stty size; echo $TERM; ls -l /proc/$$/fd/0 | grep -c pts");
  shell.terminal.expect("/dev/pts/");
  shell.terminal.expect("33 99\r\ndumb\r\n1\r\n");
  // It says when it has the terminal (again): a key that comes before is the shell's.
  // Without a trap bash takes a Ctrl-C for the child's alone where that has just ended by itself.
  shell.type(
      "bash -c 'trap \"echo con''tinued\" CONT; trap \"exit 130\" INT; echo rea''dy; while :; do sleep 0.01; "
      "done'");
  shell.terminal.expect("ready\r\n");
  shell.terminal.send("\x1a");
  shell.terminal.expect("Stopped");
  shell.terminal.expect("<148>READY ");
  shell.type("fg");
  shell.terminal.expect("continued\r\n");
  shell.terminal.send("\x03");
  shell.terminal.expect("READY ");
  shell.type("exit 5");
  CHECK(shell.terminal.wait().status == 5);
}

TEST_CASE("a program that exec starts on a terminal hears of every change of its size") {
  ShellInShard shell;
  shell.type("trap heard=yes WINCH; echo rea''dy");
  shell.terminal.expect("ready\r\n");
  // Before its prompt bash's readline reads the size and sets that again: it would undo a change in between.
  shell.terminal.expect("<0>READY ");
  shell.terminal.resize({44, 111});
  // The keys may well be there before the size.
  shell.type("until [ \"$heard\" ]; do sleep 0.01; done; stty size");
  shell.terminal.expect("44 111\r\n");
}

TEST_CASE("the whole output of a short program on a terminal is seen, time after time") {
  const RegistryView registry;
  const LiveShard shard(registry);
  for (int round = 0; round < 20; ++round) {
    PtySession terminal(nslaunch({"exec", shard.id, "--", "sh", "-c", "seq 2000; echo the end"}),
                        registry.options());
    terminal.expect("\n2000\r\nthe end\r\n");
    CHECK(terminal.wait().status == 0);
  }
}

TEST_CASE("keys reach a full-screen program as they are typed, and the terminal is as before afterwards") {
  const RegistryView registry;
  const LiveShard shard(registry);
  PtySession terminal(
      {"sh", "-c", "before=$(stty -g); \"$@\"; test \"$before\" = \"$(stty -g)\" && echo as before", "sh",
       nslaunch({}).front(), "exec", shard.id, "--", "sh", "-c",
       "stty raw -echo; echo ready; head -c 4 | od -An -tx1; stty sane"},
      registry.options());
  terminal.expect("ready");
  terminal.send("\x03\x1a\x1b\r");
  terminal.expect("03 1a 1b 0d");
  terminal.expect("as before\r\n");
  CHECK(terminal.wait().status == 0);
}

TEST_CASE("a terminal that closes ends what exec has started on it, and not the shard") {
  ShellInShard shell;
  const auto mark = unique_text();
  shell.type("sh -c 'echo u''p; sleep 1000; :' " + mark);
  shell.terminal.expect("up\r\n");
  shell.terminal.hang_up();
  CHECK(all_gone("sleep 1000; : " + mark));
  CHECK(eventually([&] { return find_processes(mark).empty(); }));
  CHECK(shell.registry.state(shell.shard.id) == "running");
}

TEST_CASE("signals end an exec whose terminal nobody reads, and a slow reader gets all") {
  const bool is_read_later = GENERATE(false, true);
  const RegistryView registry;
  const LiveShard shard(registry);
  const TerminalEnds ends;
  auto options = registry.options();
  options.prepare = [&] { ::dup2(ends.terminal.get(), STDOUT_FILENO); };
  Process exec(nslaunch({"exec", shard.id, "--", "seq", "100000"}), options);
  REQUIRE(ends.is_full());
  if (is_read_later) {
    const auto all = ends.read_until("\n100000\n");
    CHECK(std::count(all.begin(), all.end(), '\n') == 100'000);
    CHECK(exec.wait().status == 0);
  } else {
    exec.send_signal(SIGTERM);
    if (!exec.pidfd().wait_for_end(std::chrono::seconds{2})) exec.send_signal(SIGTERM);
    CHECK(exec.wait(std::chrono::seconds{20}).signal == SIGTERM);
  }
}

TEST_CASE("a shard ends at once though a shell on a terminal is in it") {
  ShellInShard shell;
  shell.shard.launcher.close_input();
  CHECK(shell.shard.launcher.wait().status == 0);
  shell.terminal.expect("has ended");
  CHECK(shell.terminal.wait().status == 128 + SIGKILL);
}

TEST_CASE(
    "exec in the background of a terminal stops there and leaves its modes alone until it is in front") {
  const RegistryView registry;
  const LiveShard shard(registry);
  ShellSession shell;
  const auto exec = "NSLAUNCH_STATE_DIR=" + registry.path() + " $N exec " + shard.id;
  shell.type("stty -a >before; " + exec + " -- sh -c 'echo in''side; exit 3' &");
  shell.type("until jobs | grep -q Stopped; do sleep 0.01; done; stty -a | cmp - before && echo sa''me");
  shell.expect("same\r\n");
  shell.type("fg");
  shell.expect("inside\r\n");
  shell.expect_prompt(3);
}

TEST_CASE("Ctrl-C ends an exec on a terminal whose init does not go on, at the second time, and no other") {
  const RegistryView registry;
  const LiveShard live(registry);
  const pid_t init = registry.shards().at(0).at("init_pid").get<pid_t>();
  PtySession terminal(nslaunch({"exec", live.id, "--", "sh", "-c",
                                "trap 'echo heard' INT; echo ready; while :; do sleep 0.01; done"}),
                      registry.options());
  terminal.expect("ready");
  for (int times = 0; times < 2; ++times) {
    terminal.send("\x03");
    terminal.expect("heard");
  }
  const Stopped stopped(init);
  terminal.send("\x03");
  terminal.expect("is stopped by a signal");
  terminal.expect("one more Ctrl-C, or signal, ends this exec");
  terminal.send("\x03");
  CHECK(terminal.wait().signal == SIGINT);
}

}  // namespace nslaunch::test
