#include "sys/base/patient_write.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cerrno>
#include <string>
#include <utility>

#include "support/temp_dir.hpp"
#include "support/terminal_ends.hpp"
#include "sys/base/check.hpp"
#include "sys/base/fd.hpp"

namespace nslaunch::sys {
namespace {

/// Two ends of a connection by which one process writes to another.
Pipe connect(const std::string& kind) {
  if (kind == "pipe") return make_pipe();
  if (kind == "socket") {
    int ends[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    return {Fd(ends[0]), Fd(ends[1])};
  }
  if (kind == "terminal") {
    test::TerminalEnds ends;
    return {std::move(ends.master), std::move(ends.terminal)};
  }
  if (kind == "pipe that was opened again") {
    auto ends = make_pipe();
    const auto again = fmt::format("/proc/self/fd/{}", ends.write.get());
    ends.write.reset(::open(again.c_str(), O_WRONLY | O_CLOEXEC));
    return ends;
  }
  const test::TempDir directory;
  const auto path = directory / "fifo";
  REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  Fd reader(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  return {std::move(reader), Fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC))};
}

}  // namespace

TEST_CASE("what another process has just filled does not block a write") {
  const auto* kind = GENERATE("pipe", "socket", "FIFO", "pipe that was opened again", "terminal");
  CAPTURE(kind);
  const auto ends = connect(kind);
  REQUIRE(ends.write);
  const std::string page(4096, '.');
  REQUIRE(write_without_blocking(ends.write.get(), page) > 0);
  while (write_without_blocking(ends.write.get(), page) > 0) continue;
  CHECK(errno == EAGAIN);
}

TEST_CASE("a terminal is opened again for writing, and its other end is not, which would be another one") {
  const test::TerminalEnds ends;
  CHECK(reopen_terminal(ends.terminal.get()));
  CHECK_FALSE(reopen_terminal(ends.master.get()));
}

}  // namespace nslaunch::sys
