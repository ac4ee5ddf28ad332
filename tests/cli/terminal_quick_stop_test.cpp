#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "support/shell_session.hpp"
#include "sys/base/fd.hpp"

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

TEST_CASE("a Ctrl-Z that meets the command's process before its exec stops the job") {
  ShellSession shell;
  const auto fifo = shell.directory() + "/fifo";
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  sys::Fd paused(::open(fifo.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  shell.type("NSLAUNCH_FAULT=exec:pause:9 $N -- sh -c 'read -r line; echo go''t $line' 9> fifo");
  pollfd watched = {paused.get(), POLLIN, 0};
  REQUIRE(::poll(&watched, 1, static_cast<int>(std::chrono::milliseconds(kPatience).count())) == 1);
  char text[16] = "";
  REQUIRE(::read(paused.get(), text, sizeof text - 1) > 0);  // which has a number of its own namespace
  shell.press('Z');
  shell.expect("^Z");
  paused.reset();
  shell.expect("Stopped");
  shell.expect_prompt(148);
  shell.type("fg");
  shell.expect("fg\r\n");
  shell.expect("9> fifo");  // what bash says of the job: it has the terminal
  shell.type("word");
  shell.expect("got word");
  shell.expect_prompt(0);
}

}  // namespace nslaunch::test
