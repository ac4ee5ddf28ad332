#include <catch2/catch.hpp>

#include "chaos/volley.hpp"
#include "support/shell_session.hpp"

namespace nslaunch::test {
namespace {

/// Starts a job that takes a while to end, and stops it.
void stop_a_job(ShellSession& shell) {
  shell.type("$N -- $P threads 300");
  shell.expect("up\r\n");
  shell.press('Z');
  shell.expect("Stopped");
  shell.expect_prompt(148);
}

/// What is shown of the job from here to the next prompt.
bool shows_stopped(ShellSession& shell) {
  return shell.terminal().read_until("READY ").find("Stopped") != std::string::npos;
}

void clear(ShellSession& shell) {
  shell.type("kill -9 %% 2>/dev/null; wait 2>/dev/null; echo cle\"\"ared");
  shell.expect("cleared");
  shell.expect("READY ");
}

}  // namespace

TEST_CASE("a stopped job that the shell's kill ends or continues is never shown as stopped once more") {
  ShellSession shell;
  int ended = 0;
  int continued = 0;
  for (int count = chaos_rounds(200); count > 0; count -= 2) {
    stop_a_job(shell);
    shell.type("kill %%; fg");
    if (shows_stopped(shell)) ++ended;
    clear(shell);

    stop_a_job(shell);
    shell.type("kill -CONT %%; fg");
    REQUIRE(eventually([&] { return shell.terminal().foreground_group() != shell.terminal().pid(); }));
    REQUIRE(shell.has_foreground(shell.terminal().foreground_group()));
    shell.press('C');
    if (shows_stopped(shell)) ++continued;
    clear(shell);
  }
  CHECK(ended == 0);
  CHECK(continued == 0);
}

}  // namespace nslaunch::test
