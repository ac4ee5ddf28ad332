#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>

#include "support/counter.hpp"
#include "support/shell_session.hpp"
#include "support/skip.hpp"

namespace nslaunch::test {
namespace {

/// Starts a bash in a shard and makes its prompt known.
void enter_inner_shell(ShellSession& shell, const std::string& launch = "$N -- ") {
  shell.type(launch + "env PS1='inner$? ' bash --norc --noprofile -i");
  shell.expect("\ninner0 ");
}

void require_working_terminal(ShellSession& shell) {
  shell.type("read -r x; echo \"re\"\"ad $x\"");
  shell.type("a line");
  shell.expect("read a line\r\n");
  shell.expect_prompt(0);
  shell.type("sh -c 'echo rea''dy; exec sleep 1000'");
  shell.expect(kProbeReady);
  shell.press('C');
  shell.expect_prompt(130);
}

}  // namespace

TEST_CASE("bash in a shard is a full interactive shell, and the terminal works afterwards") {
  ShellSession shell;
  enter_inner_shell(shell);
  shell.type("sh -c 'echo rea''dy; exec sleep 1000'");
  shell.expect(kProbeReady);
  shell.press('Z');
  shell.expect("Stopped");
  shell.expect("inner148 ");
  shell.type("jobs; echo li''sted");
  CHECK(shell.read_between("", "listed").find("Stopped") != std::string::npos);
  shell.expect("inner0 ");
  // The job may have ended before "fg" looks at it: its status then is not the job's.
  shell.type("kill %1; fg; echo en\"\"ded");
  shell.expect("ended");
  shell.expect("inner0 ");
  shell.type("exit 6");
  shell.expect_prompt(6);
  require_working_terminal(shell);
}

TEST_CASE("a job of a bash in a shard is stopped, listed and continued with the terminal") {
  ShellSession shell;
  enter_inner_shell(shell);
  shell.type("$P signals");
  shell.expect(kProbeReady);
  shell.press('Z');
  shell.expect("Stopped");
  shell.expect("inner148 ");
  shell.type("fg");
  shell.expect(got(SIGCONT));
  shell.press('C');
  shell.expect(got(SIGINT));
  shell.press('Z');
  shell.expect("Stopped");
  shell.expect("inner148 ");
  shell.type("kill -64 %1; fg");
  shell.expect("done");
  shell.expect("inner0 ");
  shell.press('D');
  shell.expect_prompt(0);
  require_working_terminal(shell);
}

TEST_CASE("a script reads the terminal after a bash in a shard has ended") {
  ShellSession shell;
  shell.write("script",
              "$N -- env PS1='inner$? ' bash --norc --noprofile -i\necho shell $?\n"
              "read -r x || exit 8\necho \"script read $x\"\n");
  shell.type("bash $D/script");
  shell.expect("inner0 ");
  shell.type("sh -c 'echo rea''dy; exec sleep 1000'");
  shell.expect(kProbeReady);
  shell.press('C');
  shell.expect("inner130 ");
  shell.type("exit 5");
  shell.expect("shell 5\r\n");
  shell.type("a line");
  shell.expect("script read a line\r\n");
  shell.expect_prompt(0);
  require_working_terminal(shell);
}

TEST_CASE("a bash in a shard that is killed gives the terminal back") {
  const bool from_script = GENERATE(false, true);
  ShellSession shell;
  if (from_script) {
    shell.write("script",
                "$N -- env PS1='inner$? ' bash --norc --noprofile -i\necho shell $?\nread -r x\n"
                "echo \"script read $x\"\n");
    shell.type("bash $D/script");
    shell.expect("inner0 ");
  } else {
    enter_inner_shell(shell);
  }
  shell.type("kill -9 $$");
  if (from_script) {
    shell.expect("shell 137\r\n");
    shell.type("a line");
    shell.expect("script read a line\r\n");
    shell.expect_prompt(0);
  } else {
    shell.expect_prompt(137);
  }
  require_working_terminal(shell);
}

TEST_CASE("a bash in a shard that is killed while its job has the terminal gives it back") {
  ShellSession shell;
  enter_inner_shell(shell);
  shell.type("sh -c 'kill -9 $PPID; exec sleep 1000'");
  shell.expect_prompt(137);
  require_working_terminal(shell);
}

TEST_CASE("a command that stops itself gives the shell its prompt, and fg resumes it") {
  for (const std::string signal : {"TSTP", "STOP", "TTIN", "TTOU"}) {
    INFO(signal);
    ShellSession shell;
    shell.type("$N -- sh -c 'kill -" + signal + " $$; echo \"resu\"\"med\"; kill -" + signal +
               " $$; echo \"ag\"\"ain\"; exit 3'");
    for (const std::string word : {"resumed", "again"}) {
      shell.expect("Stopped");
      shell.expect_prompt(128 + (signal == "TSTP"   ? SIGTSTP
                                 : signal == "STOP" ? SIGSTOP
                                 : signal == "TTIN" ? SIGTTIN
                                                    : SIGTTOU));
      shell.type("fg");
      shell.expect(word);
    }
    shell.expect_prompt(3);
  }
}

TEST_CASE("node's REPL stops on Ctrl-Z and goes on after fg") {
  if (::access("/usr/bin/node", X_OK) != 0) SKIP_TEST("there is no /usr/bin/node");
  ShellSession shell;
  shell.type("TERM=xterm NODE_REPL_HISTORY= $N -- node");
  shell.expect("> ");
  for (int count = 1; count <= 2; ++count) {
    shell.press('Z');
    shell.expect("Stopped");
    shell.expect_prompt(148);
    shell.type("fg");
    shell.expect("> ");
    shell.type("'su'+'m '+(" + std::to_string(count) + "+1)");
    shell.expect("sum " + std::to_string(count + 1));
    shell.expect("> ");
  }
  shell.type(".exit");
  shell.expect_prompt(0);
  require_working_terminal(shell);
}

TEST_CASE("a command that ignores Ctrl-Z keeps the terminal, and nslaunch does not stop") {
  ShellSession shell;
  shell.type("$N -- sh -c \"trap '' TSTP; echo rea''dy; read -r line; echo got \\$line; exit 4\"");
  shell.expect(kProbeReady);
  shell.press('Z');
  shell.type("a line");
  shell.expect("got a line\r\n");
  shell.expect_prompt(4);
}

TEST_CASE("a stopped job is continued by a SIGCONT to nslaunch alone") {
  ShellSession shell;
  shell.type("sh -c 'echo p''id $$; exec $N -- $P signals'");
  const pid_t launcher = shell.read_pid("pid ");
  shell.expect(kProbeReady);
  shell.press('Z');
  shell.expect("Stopped");
  shell.expect_prompt(148);
  ::kill(launcher, SIGCONT);
  shell.expect(got(SIGCONT));
  ::kill(launcher, kDone);
  shell.expect("done");
}

}  // namespace nslaunch::test
