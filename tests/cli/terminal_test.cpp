#include <catch2/catch.hpp>
#include <csignal>

#include "support/counter.hpp"
#include "support/shell_session.hpp"

namespace nslaunch::test {
namespace {}  // namespace

TEST_CASE("one Ctrl-C is one SIGINT for the command, whose clean-up and exit status are kept") {
  ShellSession shell;
  shell.type("$N -- $P clean-up");
  shell.expect(kProbeReady);
  for (int count = 1; count <= 2; ++count) {
    shell.press('C');
    shell.expect("interrupt " + std::to_string(count) + "\r\n");
  }
  shell.expect("cleaned up\r\n");
  shell.expect_prompt(7);
}

TEST_CASE("the terminal's own signals reach a counting command once each") {
  ShellSession shell;
  shell.type("sh -c 'echo p''id $$; exec $N -- $P signals'");
  const pid_t launcher = shell.read_pid("pid ");
  shell.expect(kProbeReady);
  shell.press('C');
  shell.expect(got(SIGINT) + "\r\n");
  shell.press('\\');
  shell.expect(got(SIGQUIT) + "\r\n");
  ::kill(launcher, kDone);
  CHECK(shell.read_between("", "done").find("signal") == std::string::npos);
  shell.expect_prompt(0);
}

TEST_CASE("Ctrl-Z stops the job, the prompt returns, and fg continues it") {
  ShellSession shell;
  shell.type(
      "sh -c 'echo p''id $$; exec $N -- bash -c \"echo rea''dy; read -r line; echo got \\$line; exit 4\"'");
  const pid_t launcher = shell.read_pid("pid ");
  shell.expect(kProbeReady);
  for (int count = 0; count < 3; ++count) {
    shell.press('Z');
    shell.expect("Stopped");
    shell.expect_prompt(148);
    shell.type("echo pro''mpt");
    shell.expect("prompt\r\n");
    shell.expect_prompt(0);
    shell.type("fg");
    REQUIRE(shell.has_foreground(launcher));
  }
  shell.type("hello");
  shell.expect("got hello");
  shell.expect_prompt(4);
}

TEST_CASE("bg continues a stopped job in the background") {
  ShellSession shell;
  shell.type("sh -c 'echo p''id $$; exec $N -- $P signals'");
  const pid_t launcher = shell.read_pid("pid ");
  shell.expect(kProbeReady);
  shell.press('Z');
  shell.expect("Stopped");
  shell.expect_prompt(148);
  shell.type("bg");
  shell.expect(got(SIGCONT) + "\r\n");
  ::kill(launcher, SIGUSR1);
  shell.expect(got(SIGUSR1) + "\r\n");
  ::kill(launcher, kDone);
  shell.expect("done\r\n");
  shell.type("wait; echo status''es $?");
  shell.expect("statuses 0");
}

TEST_CASE("a background command that reads the terminal is stopped, and fg lets it read") {
  ShellSession shell;
  shell.type("$N -- cat & echo p''id $!");
  const pid_t launcher = shell.read_pid("pid ");
  shell.expect_prompt(0);
  REQUIRE(eventually([&] {
    shell.type("jobs; echo en''d");
    return shell.read_between("", "end\r\n").find("Stopped") != std::string::npos;
  }));
  shell.type("fg");
  REQUIRE(shell.has_foreground(launcher));
  shell.type("some words");
  shell.expect("some words\r\nsome words\r\n");
  shell.press('D');
  shell.expect_prompt(0);
}

TEST_CASE("the neighbour in a pipeline keeps the terminal") {
  ShellSession shell;
  shell.type(
      "$N -- sh -c 'echo wo''rd; exec sleep 1000' | { read -r w; echo $w; read -r a </dev/tty; "
      "echo \"an\"\"swer $a\"; }");
  shell.expect("word\r\n");
  shell.type("mine");
  shell.expect("answer mine");
  shell.press('C');
  // 0 or 130: whichever of its members the shell saw end last.
  shell.expect(">READY ");
}

TEST_CASE("a command reads the terminal while its neighbour in a pipeline filters its output") {
  ShellSession shell;
  shell.type("$N -- bash -c 'echo rea''dy; read -r line; echo $line' | tr a-z A-Z");
  shell.expect("READY");
  shell.type("shout");
  shell.expect("SHOUT");
  shell.expect_prompt(0);
}

TEST_CASE("the command sees the window's size and one SIGWINCH for each resize") {
  ShellSession shell({31, 117});
  shell.type("$N -- stty size");
  shell.expect("31 117\r\n");
  shell.expect_prompt(0);
  shell.type("sh -c 'echo p''id $$; exec $N -- $P signals'");
  const pid_t launcher = shell.read_pid("pid ");
  shell.expect(kProbeReady);
  shell.terminal().resize({40, 100});
  shell.expect(got(SIGWINCH) + "\r\n");
  shell.terminal().resize({41, 101});
  shell.expect(got(SIGWINCH) + "\r\n");
  ::kill(launcher, kDone);
  CHECK(shell.read_between("", "done").find("signal") == std::string::npos);
  shell.expect_prompt(0);
  shell.type("$N -- stty size");
  shell.expect("41 101\r\n");
}

TEST_CASE("a shell loop around nslaunch stops on one Ctrl-C") {
  ShellSession shell;
  shell.type("for i in 1 2 3; do $N -- sh -c 'echo rea''dy; exec sleep 1000'; echo ne''xt; done");
  shell.expect(kProbeReady);
  shell.press('C');
  const auto after = shell.read_between("", "READY ");
  CHECK(after.find("next") == std::string::npos);
  CHECK(after.find("<130>") != std::string::npos);
  // The same in a script, which has no job control.
  shell.write("loop",
              "while :; do $N -- sh -c 'echo rea''dy; exec sleep 1000'; echo next; done\necho after\n");
  shell.type("bash $D/loop");
  shell.expect(kProbeReady);
  shell.press('C');
  const auto script = shell.read_between("", "READY ");
  CHECK(script.find("next") == std::string::npos);
  CHECK(script.find("after") == std::string::npos);
  CHECK(script.find("<130>") != std::string::npos);
}

TEST_CASE("a loop goes on when the command handles the Ctrl-C and exits") {
  ShellSession shell;
  shell.type("for i in 1 2; do $N -- $P clean-up; echo \"next $?\"; done");
  for (int count = 0; count < 2; ++count) {
    shell.expect(kProbeReady);
    for (int interrupt = 1; interrupt <= 2; ++interrupt) {
      shell.press('C');
      shell.expect("interrupt " + std::to_string(interrupt) + "\r\n");
    }
    shell.expect("next 7\r\n");
  }
  shell.expect_prompt(0);
}

}  // namespace nslaunch::test
