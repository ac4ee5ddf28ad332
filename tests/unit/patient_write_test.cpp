#include "sys/base/patient_write.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cerrno>
#include <string>

#include "sys/base/fd.hpp"

namespace nslaunch::sys {
namespace {

Pipe make_socket() {
  int ends[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
  return {Fd(ends[0]), Fd(ends[1])};
}

}  // namespace

TEST_CASE("what another process has just filled does not block a write") {
  const bool is_socket = GENERATE(false, true);
  const auto ends = is_socket ? make_socket() : make_pipe();
  const std::string page(4096, '.');
  REQUIRE(write_without_blocking(ends.write.get(), page) > 0);
  while (write_without_blocking(ends.write.get(), page) > 0) continue;
  CHECK(errno == EAGAIN);
}

}  // namespace nslaunch::sys
