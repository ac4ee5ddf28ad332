#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "support/clients.hpp"
#include "support/forwarded.hpp"
#include "support/published.hpp"
#include "sys/base/files.hpp"

// What port-forward and --publish have in common.

namespace nslaunch::test {

TEMPLATE_TEST_CASE("a server in a shard is reached from outside, and what each side closes is closed", "",
                   Forwarded, Published) {
  const TestType forwarded;
  // The answer comes behind the end of what was asked.
  for (int round = 0; round < 3; ++round) CHECK(answer_to(forwarded.connect(), "through") == "through");
}

TEMPLATE_TEST_CASE("a client that resets does so for the server too, and harms nobody", "", Forwarded,
                   Published) {
  TestType forwarded;
  auto client = forwarded.connect();
  REQUIRE(sys::write_all(client.get(), "x") == 0);
  char byte = 0;
  REQUIRE(::read(client.get(), &byte, 1) == 1);
  close_with_reset(std::move(client));
  CHECK(forwarded.server().read_line() == "reset");
  CHECK(answer_to(forwarded.connect(), "").empty());
}

TEMPLATE_TEST_CASE("a client that does not read slows its own writing down, and nobody else's", "", Forwarded,
                   Published) {
  const TestType forwarded;
  const auto slow = forwarded.connect();
  ::fcntl(slow.get(), F_SETFL, O_NONBLOCK);
  constexpr std::size_t kFarTooMuch = 512 << 20;
  const std::string chunk(1 << 16, 's');
  std::size_t taken = 0;
  for (pollfd watched = {slow.get(), POLLOUT, 0}; taken < kFarTooMuch && ::poll(&watched, 1, 200) == 1;) {
    const auto count = ::write(slow.get(), chunk.data(), chunk.size());
    if (count > 0) taken += static_cast<std::size_t>(count);
  }
  CHECK(taken < kFarTooMuch);
  CHECK(answer_to(forwarded.connect(), "quick") == "quick");
  // And once it reads, it gets back all that was taken.
  ::fcntl(slow.get(), F_SETFL, 0);
  ::shutdown(slow.get(), SHUT_WR);
  CHECK(read_all(slow).size() == taken);
}

TEMPLATE_TEST_CASE("a thousand connections at once are forwarded, each to its own", "", Forwarded,
                   Published) {
  const TestType forwarded;
  constexpr std::size_t kMany = 1000;
  open_as_many_as_allowed();
  std::vector<sys::Fd> clients;
  for (std::size_t number = 0; number < kMany; ++number) {
    clients.push_back(forwarded.connect());
    REQUIRE(sys::write_all(clients.back().get(), std::to_string(number)) == 0);
  }
  for (std::size_t number = 0; number < kMany; ++number) {
    REQUIRE(answer_to(clients[number], ".") == std::to_string(number) + ".");
  }
}

}  // namespace nslaunch::test
