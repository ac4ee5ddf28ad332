#include <catch2/catch.hpp>
#include <cstdlib>

#include "support/shell_session.hpp"

namespace nslaunch::test {
namespace {

/// Without the look at the threads, about one try in five shows it.
int tries() {
  const char* wanted = std::getenv("NSLAUNCH_TEST_ENDED_STOPS");
  return wanted != nullptr ? std::atoi(wanted) : 20;
}

}  // namespace

TEST_CASE("a stopped job that the shell's kill ends is not shown as stopped once more") {
  ShellSession shell;
  int seen = 0;
  for (int count = 0; count < tries(); ++count) {
    shell.type("$N -- $P threads 300");  // which take a while to end
    shell.expect("up\r\n");
    shell.press('Z');
    shell.expect("Stopped");
    shell.expect_prompt(148);
    shell.type("kill %%; fg; echo en\"\"ded; kill -9 %% 2>/dev/null; wait 2>/dev/null; echo cle\"\"ared");
    if (shell.read_between("", "ended").find("Stopped") != std::string::npos) ++seen;
    shell.expect("cleared");
    shell.expect("READY ");
  }
  CHECK(seen == 0);
}

}  // namespace nslaunch::test
