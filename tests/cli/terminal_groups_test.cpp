#include <catch2/catch.hpp>
#include <csignal>

#include "support/counter.hpp"
#include "support/process.hpp"
#include "support/shell_session.hpp"

namespace nslaunch::test {

// timeout(1) and many shells make a process group of their own. Run directly from an interactive shell they
// lead one already, and nothing changes by it.

TEST_CASE("Ctrl-C reaches a command that has made a process group of its own") {
  ShellSession shell;
  shell.type("$N -- $P lead");
  shell.expect(kProbeReady);
  shell.press('C');
  shell.expect_prompt(6);
}

TEST_CASE("Ctrl-Z stops a command that has made a process group of its own, and fg continues it") {
  ShellSession shell;
  shell.type("sh -c 'echo p''id $$; exec $N -- $P lead'");
  const pid_t launcher = shell.read_pid("pid ");
  shell.expect(kProbeReady);
  shell.press('Z');
  shell.expect("Stopped");
  shell.expect_prompt(148);
  shell.type("fg");
  REQUIRE(shell.has_foreground(launcher));
  ::kill(launcher, SIGUSR1);
  shell.expect_prompt(5);
}

TEST_CASE("a signal to the job reaches a command that has made a process group of its own, once") {
  ShellSession shell;
  shell.type("$N -- timeout 1000 $P signals &");
  shell.expect(kProbeReady);
  shell.type("kill -USR1 %1");
  shell.expect(got(SIGUSR1) + "\r\n");
  shell.type("kill -TERM %1; wait %1; echo st''atus $?");
  CHECK(shell.read_between("", "status").find(got(SIGUSR1)) == std::string::npos);
}

TEST_CASE("a shell in a shard that suspends itself goes on with fg") {
  ShellSession shell;
  shell.type("$N -- bash --norc --noprofile -i");
  shell.expect_prompt(0);
  shell.type("suspend -f");
  shell.expect("Stopped");
  shell.expect_prompt(147);
  shell.type("fg");
  shell.type("echo in''ner; exit 6");
  shell.expect("inner\r\n");
  shell.expect_prompt(6);
}

}  // namespace nslaunch::test
