#include <catch2/catch.hpp>

#include "support/shell_session.hpp"

namespace nslaunch::test {

// Every other time or so the signal arrives when init is there and the command is not yet.
TEST_CASE("a Ctrl-Z while the shard is being made, or right after fg, stops the job") {
  ShellSession shell;
  shell.type("sh -c 'echo p''id $$; echo rea''dy; exec $N -- sleep 1000'");
  const pid_t launcher = shell.read_pid("pid ");
  shell.expect(kProbeReady);
  REQUIRE(shell.has_foreground(launcher));
  for (int count = 0; count < 60; ++count) {
    INFO("try " << count);
    shell.press('Z');
    shell.expect("Stopped");
    shell.expect_prompt(148);
    shell.type("fg");
    shell.expect("fg\r\n");
    shell.expect("1000'\r\n");
    REQUIRE(shell.has_foreground(launcher));
  }
  shell.press('C');
  shell.expect_prompt(130);
}

}  // namespace nslaunch::test
