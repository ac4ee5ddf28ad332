#include <unistd.h>

#include <catch2/catch.hpp>
#include <set>

#include "support/identity.hpp"
#include "support/process.hpp"
#include "support/registry_view.hpp"

namespace nslaunch::test {
namespace {

using Catch::Matchers::Contains;

/// Two shards that are there at the same time, each with the probe listening on the port.
bool both_listen(const std::string& address, const std::string& port, const StartOptions& options) {
  const auto words = nslaunch({"--", probe_binary(), "serve", address, port});
  Process one(words, options);
  Process two(words, options);
  if (one.read_line() != "up" || two.read_line() != "up") return false;
  one.close_input();
  two.close_input();
  return one.wait().status == 0 && two.wait().status == 0;
}

}  // namespace

TEST_CASE("127.0.0.1 and ::1 answer before the command starts") {
  const RegistryView state;
  Words words = {"--", probe_binary(), "connect", "127.0.0.1", "127.8.9.10", "127.255.255.254"};
  if (::access("/proc/sys/net/ipv6", F_OK) == 0) words.insert(words.end(), {"::1", "127.0.0.1"});
  for (int launch = 0; launch < 40; ++launch) {
    const auto ended = run(nslaunch(words), state.options());
    CAPTURE(launch, ended.err);
    REQUIRE(ended.out == "answered\n");
  }
}

TEST_CASE("the same port is free in every shard, also below 1024 and for an ordinary user") {
  const RegistryView state;
  CHECK(both_listen("127.0.0.1", "9926", state.options()));
  CHECK(both_listen("0.0.0.0", "80", state.options()));
  CHECK(both_listen("127.0.0.1", "1", state.options()));
}

TEST_CASE("a listener outside is not reached from a shard, nor one in a shard from outside") {
  const RegistryView state;
  Process listener(nslaunch({"--", probe_binary(), "serve", "127.0.0.1", "9927"}), state.options());
  REQUIRE(listener.read_line() == "up");
  const auto script = "exec 3<>/dev/tcp/127.0.0.1/9927 && echo reached";
  const auto outside = run({"bash", "-c", script}, state.options());
  CHECK_THAT(outside.err, Contains("Connection refused"));
  const auto other_shard = run(nslaunch({"--", "bash", "-c", script}), state.options());
  CHECK_THAT(other_shard.err, Contains("Connection refused"));
}

TEST_CASE("a shard has lo and no other interface") {
  const RegistryView state;
  const auto ended =
      run(in_shard("tail -n +3 /proc/net/dev | cut -d: -f1; wc -l < /proc/net/route"), state.options());
  CHECK(ended.out == "    lo\n1\n");
}

TEST_CASE("an abstract Unix socket of one shard is not seen in another") {
  const RegistryView state;
  const auto script = "grep -c @ /proc/net/unix";
  CHECK(run(in_shard(script), state.options()).out == "0\n");
}

}  // namespace nslaunch::test
