#include "sys/relay.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "sys/check.hpp"
#include "sys/files.hpp"

namespace {

using namespace nslaunch;

/// Both ends wait for what is to be read or written.
std::pair<sys::Fd, sys::Fd> waiting_pair() {
  int ends[2];
  sys::check(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), "making a connection");
  return {sys::Fd(ends[0]), sys::Fd(ends[1])};
}

std::string read_some(const sys::Fd& socket) {
  char bytes[64];
  const auto count = ::recv(socket.get(), bytes, sizeof bytes, MSG_DONTWAIT);
  return count > 0 ? std::string(bytes, static_cast<std::size_t>(count)) : count == 0 ? "end" : "nothing";
}

}  // namespace

TEST_CASE("a relay that copies waits for no socket, though both would wait, and loses nothing") {
  auto [left, one] = waiting_pair();
  auto [right, other] = waiting_pair();
  sys::PipePool pipes;
  sys::Relay relay(std::move(one), std::move(other), pipes, sys::Relay::Bytes::kCopied);
  CHECK(relay.pump() == sys::Relay::State::kWaits);

  const std::string block(1 << 20, 'x');  // more than a socket holds
  std::size_t sent = 0;
  ssize_t count = 0;
  while ((count = ::send(left.get(), block.data(), block.size(), MSG_DONTWAIT)) > 0 ||
         relay.pump() == sys::Relay::State::kBusy) {
    if (count > 0) sent += static_cast<std::size_t>(count);
  }
  std::string arrived;
  for (std::string some; (some = read_some(right)) != "nothing" || relay.pump() != sys::Relay::State::kWaits;)
    if (some != "nothing") arrived += some;
  CHECK(arrived == std::string(sent, 'x'));

  REQUIRE(sys::write_all(right.get(), "back") == 0);
  ::shutdown(left.get(), SHUT_WR);
  CHECK(relay.pump() == sys::Relay::State::kWaits);
  CHECK(read_some(left) == "back");
  CHECK(read_some(right) == "end");
}
