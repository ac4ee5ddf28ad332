#include <catch2/catch.hpp>
#include <csignal>

#include "support/clients.hpp"
#include "support/forwarded.hpp"
#include "support/identity.hpp"
#include "support/listeners.hpp"
#include "sys/base/files.hpp"

namespace nslaunch::test {
namespace {

using Catch::Matchers::Contains;

}  // namespace

TEST_CASE("port-forward takes several ports, v4 and v6, and says where each leads") {
  Forwarded forwarded;
  const auto& shard = forwarded.shard();
  Process second(nslaunch({"port-forward", shard.id, "127.0.0.1:0:9926", "[::1]:0:9926", "0:1"}),
                 forwarded.registry().options());
  for (const auto* address : {"127.0.0.1", "::1"}) {
    const auto line = second.read_line();
    CHECK_THAT(line, Contains("\t127.0.0.1:9926"));
    const auto client = connect_tcp(address, outer_port(line));
    CHECK(answer_to(client, address) == address);
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
  const auto port = std::to_string(port_of(taken));
  CHECK_THAT(ask({shard.id, port}),
             Contains("listening on 127.0.0.1:" + port) && Contains("Address already in use"));
}

}  // namespace nslaunch::test
