#include <catch2/catch.hpp>

#include "support/shell_session.hpp"

namespace nslaunch::test {

TEST_CASE("Ctrl-C lets go of a shard that is held on a terminal") {
  ShellSession shell;
  shell.type("$N --hold-on-failure 1h -- sh -c 'exit 3'");
  shell.expect("exited with 3; its shard is held");
  shell.expect("as Ctrl-C does");
  shell.press('C');
  shell.expect_prompt(3);
}

TEST_CASE("a held shard takes the terminal back from a group of the command's that lives on") {
  ShellSession shell;
  const auto mark = unique_text();
  // A shell with job control dies while its job, which goes on, has the terminal.
  shell.type("$N --hold-on-failure 1h -- bash -c 'set -m; sh -c \"kill -KILL \\$PPID; exec $P signals " +
             mark + "\"; :'");
  shell.expect("died of SIGKILL; its shard is held");
  shell.expect("as Ctrl-C does");
  shell.press('C');
  shell.expect_prompt(137);
  CHECK(all_gone(mark));
}

TEST_CASE("a held shard can be let go by Ctrl-C after a command that left the terminal raw") {
  ShellSession shell;
  shell.type("$N --hold-on-failure 1h -- sh -c 'stty raw -echo; exit 3'");
  shell.expect("as Ctrl-C does)\r\n");
  shell.press('C');
  shell.expect_prompt(3);
}

TEST_CASE("Ctrl-Z gives the shell back while a shard is held, for exec from the same terminal") {
  ShellSession shell;
  shell.type("$N --hold-on-failure 1h -n held -- sh -c 'exit 3'");
  shell.expect("as Ctrl-C does");
  const pid_t launcher = shell.terminal().foreground_group();
  shell.press('Z');
  shell.expect("Stopped");
  shell.expect_prompt(148);
  shell.type("$N exec held -- echo in''side");
  shell.expect("inside\r\n");
  shell.expect_prompt(0);
  shell.type("fg");
  REQUIRE(shell.has_foreground(launcher));
  shell.press('C');
  shell.expect_prompt(3);
}

TEST_CASE("closing the terminal lets go of a held shard") {
  ShellSession shell;
  const auto mark = unique_text();
  shell.type("$N --hold-on-failure 1h -- sh -c '$P signals " + mark + " & echo; exit 3'");
  shell.expect("as Ctrl-C does");
  shell.terminal().hang_up();
  CHECK(all_gone(mark));
}

}  // namespace nslaunch::test
