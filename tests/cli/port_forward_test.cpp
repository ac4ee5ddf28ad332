#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>

#include "support/forwarded.hpp"
#include "support/identity.hpp"
#include "support/listeners.hpp"
#include "sys/files.hpp"

namespace nslaunch::test {
namespace {

using Catch::Matchers::Contains;

/// All that comes until the end, or "reset".
std::string read_all(const sys::Fd& socket) {
  std::string text;
  char bytes[65536];
  for (;;) {
    pollfd watched = {socket.get(), POLLIN, 0};
    if (::poll(&watched, 1, 30'000) != 1) return text + " and then nothing";
    const auto count = ::read(socket.get(), bytes, sizeof bytes);
    if (count < 0) return "reset";
    if (count == 0) return text;
    text.append(bytes, static_cast<std::size_t>(count));
  }
}

void close_with_reset(sys::Fd socket) {
  constexpr linger kAtOnce = {1, 0};
  ::setsockopt(socket.get(), SOL_SOCKET, SO_LINGER, &kAtOnce, sizeof kAtOnce);
}

}  // namespace

TEST_CASE("port-forward reaches a server in a shard, from outside, and what each side closes is closed") {
  const Forwarded forwarded;
  for (int round = 0; round < 3; ++round) {
    const auto client = forwarded.connect();
    REQUIRE(sys::write_all(client.get(), "through") == 0);
    ::shutdown(client.get(), SHUT_WR);  // the answer comes behind the end of what was asked
    CHECK(read_all(client) == "through");
  }
}

TEST_CASE("port-forward takes several ports, v4 and v6, and says where each leads") {
  Forwarded forwarded;
  const auto& shard = forwarded.shard();
  Process second(nslaunch({"port-forward", shard.id, "127.0.0.1:0:9926", "[::1]:0:9926", "0:1"}),
                 forwarded.registry().options());
  for (const auto* address : {"127.0.0.1", "::1"}) {
    const auto line = second.read_line();
    CHECK_THAT(line, Contains("\t127.0.0.1:9926"));
    const auto client = connect_tcp(address, outer_port(line));
    REQUIRE(sys::write_all(client.get(), address) == 0);
    ::shutdown(client.get(), SHUT_WR);
    CHECK(read_all(client) == address);
  }
  // Nobody listens there: the client is reset, and the user is told once.
  const auto port = outer_port(second.read_line());
  for (int count = 0; count < 2; ++count) CHECK(read_all(connect_tcp("127.0.0.1", port)) == "reset");
  second.send_signal(SIGTERM);
  const auto ended = second.wait();
  CHECK(ended.signal == SIGTERM);
  CHECK(ended.err ==
        "nslaunch: nobody listens on 127.0.0.1:1 in shard " + shard.id + ": its clients are reset\n");
}

TEST_CASE("a client that resets does so for the server too, and harms nobody") {
  Forwarded forwarded;
  auto client = forwarded.connect();
  REQUIRE(sys::write_all(client.get(), "x") == 0);
  char byte = 0;
  REQUIRE(::read(client.get(), &byte, 1) == 1);
  close_with_reset(std::move(client));
  CHECK(forwarded.shard().launcher.read_line() == "reset");
  const auto next = forwarded.connect();
  ::shutdown(next.get(), SHUT_WR);
  CHECK(read_all(next).empty());
}

TEST_CASE("a client that does not read slows its own writing down, and nobody else's") {
  const Forwarded forwarded;
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
  const auto other = forwarded.connect();
  REQUIRE(sys::write_all(other.get(), "quick") == 0);
  ::shutdown(other.get(), SHUT_WR);
  CHECK(read_all(other) == "quick");
  // And once it reads, it gets back all that was taken.
  ::fcntl(slow.get(), F_SETFL, 0);
  ::shutdown(slow.get(), SHUT_WR);
  CHECK(read_all(slow).size() == taken);
}

TEST_CASE("a thousand connections at once are forwarded, each to its own") {
  const Forwarded forwarded;
  constexpr std::size_t kMany = 1000;
  rlimit files = {};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
  std::vector<sys::Fd> clients;
  for (std::size_t number = 0; number < kMany; ++number) {
    clients.push_back(forwarded.connect());
    REQUIRE(sys::write_all(clients.back().get(), std::to_string(number)) == 0);
  }
  for (std::size_t number = 0; number < kMany; ++number) {
    ::shutdown(clients[number].get(), SHUT_WR);
    REQUIRE(read_all(clients[number]) == std::to_string(number));
  }
}

TEST_CASE("port-forward ends with the shard, and holds its end up by nothing") {
  Forwarded forwarded;
  const auto client = forwarded.connect();
  REQUIRE(sys::write_all(client.get(), "x") == 0);
  forwarded.forwarder().send_signal(SIGSTOP);
  forwarded.shard().launcher.close_input();
  CHECK(forwarded.shard().launcher.wait().status == 0);
  forwarded.forwarder().send_signal(SIGCONT);
  const auto ended = forwarded.forwarder().wait();
  CHECK(ended.status == 0);
  CHECK_THAT(ended.err, Contains("shard " + forwarded.shard().id + " has ended"));
}

TEST_CASE("a port-forward that can't be is an error that names the port") {
  const RegistryView registry;
  const LiveShard shard(registry);
  const auto ask = [&](const Words& words) {
    Words all = {"port-forward"};
    all.insert(all.end(), words.begin(), words.end());
    const auto result = run(nslaunch(all), registry.options());
    CHECK(result.status == 125);
    CHECK(result.out.empty());
    return result.err;
  };
  CHECK_THAT(ask({shard.id}), Contains("which port?"));
  CHECK_THAT(ask({"nobody", "1234"}), Contains("there is no shard 'nobody'"));
  for (const auto* wrong :
       {"x", "0", "65536", "1:0", "1:2:3:4", "[::1:1", "[::1]1", "nohost:1:2", ":1", "-1"}) {
    CAPTURE(wrong);
    CHECK_THAT(ask({shard.id, wrong}), Contains("SHARDPORT") || Contains("no option"));
  }
  CHECK_THAT(ask({shard.id, "--to", "localhost", "1234"}), Contains("--to: 'localhost'"));
  const auto taken = listen_tcp("127.0.0.1", 0);
  sockaddr_storage name = {};
  socklen_t size = sizeof name;
  ::getsockname(taken.get(), reinterpret_cast<sockaddr*>(&name), &size);
  const auto port = std::to_string(ntohs(reinterpret_cast<sockaddr_in*>(&name)->sin_port));
  CHECK_THAT(ask({shard.id, port}),
             Contains("listening on 127.0.0.1:" + port) && Contains("Address already in use"));
}

}  // namespace nslaunch::test
