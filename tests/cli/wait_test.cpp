#include <catch2/catch.hpp>
#include <csignal>

#include "inspect/snapshot/descriptors.hpp"
#include "support/live_shard.hpp"

namespace nslaunch::test {
namespace {

using Catch::Matchers::Contains;

/// Once it holds handles on the processes of its shards, it knows them whatever happens.
bool waits_for(const Process& waiting, std::size_t processes) {
  return eventually([&] {
    std::size_t handles = 0;
    inspect::for_each_descriptor(waiting.pid(), [&](int, const std::string& target) {
      if (target.find("pidfd") != std::string::npos) ++handles;
    });
    return handles == processes;
  });
}

}  // namespace

TEST_CASE("wait returns when every shard that it was asked for has ended, and not before") {
  const RegistryView registry;
  LiveShard first(registry);
  LiveShard second(registry);
  Process waiting(nslaunch({"wait", first.id, second.id}), registry.options());
  REQUIRE(waits_for(waiting, 4));
  first.launcher.close_input();
  first.launcher.wait();
  CHECK_FALSE(waiting.pidfd().has_ended());
  second.launcher.close_input();
  CHECK(waiting.wait().status == 0);
  CHECK(registry.ids().empty());
}

TEST_CASE("wait sees the end of a shard whose launcher is killed") {
  const RegistryView registry;
  LiveShard live(registry);
  Process waiting(nslaunch({"wait", live.id}), registry.options());
  REQUIRE(waits_for(waiting, 2));
  live.launcher.send_signal(SIGKILL);
  CHECK(waiting.wait().status == 0);
  CHECK(find_processes(live.id).empty());
}

TEST_CASE("wait gives up after its timeout with 124, and the shard lives on") {
  const RegistryView registry;
  LiveShard live(registry);
  const auto result = run(nslaunch({"wait", "--timeout", "10ms", live.id}), registry.options());
  CHECK(result.status == 124);
  CHECK_THAT(result.err, Contains("shard " + live.id + " has not ended within 10ms"));
  CHECK(registry.state(live.id) == "running");
}

TEST_CASE("wait for no shard, or for one that is not there, is an error with a suggestion") {
  const RegistryView registry;
  const LiveShard live(registry);
  const auto nothing = run(nslaunch({"wait"}), registry.options());
  CHECK(nothing.status == 125);
  CHECK_THAT(nothing.err, Contains("which shard?"));
  const auto wrong = run(nslaunch({"wait", "x" + live.id}), registry.options());
  CHECK(wrong.status == 125);
  CHECK_THAT(wrong.err, Contains("there is no shard") && Contains(live.id));
}

}  // namespace nslaunch::test
