#include "shard/diagnose/explain_held.hpp"

#include <catch2/catch.hpp>

namespace nslaunch::test {
namespace {

using Catch::Matchers::Contains;
using shard::HeldShard;

std::string explained(const std::vector<std::string>& listening) {
  ShardSpec spec;
  spec.id = "0badcafe";
  spec.hold_on_failure = std::chrono::minutes(10);
  return shard::explain_held(spec, {.wait_status = 1 << 8, .listening = listening});
}

}  // namespace

TEST_CASE("a held shard's port-forward names each port that answers on 127.0.0.1 once, the lowest eight",
          "[unit]") {
  CHECK_THAT(explained({"[::]:1883", "127.0.0.1:9926", "0.0.0.0:9925", "127.0.0.1:1883"}),
             Contains("\n  nslaunch port-forward 0badcafe 0:1883 0:9925 0:9926\n"));
  std::vector<std::string> many;
  for (int port = 9; port >= 1; --port) many.push_back(fmt::format("127.0.0.1:{}", port));
  CHECK_THAT(explained(many), Contains("0badcafe 0:1 0:2 0:3 0:4 0:5 0:6 0:7 0:8\n"));
}

TEST_CASE("a held shard's command is said to have ended as it did, or as it was ended", "[unit]") {
  ShardSpec spec;
  spec.hold_on_failure = std::chrono::minutes(10);
  const auto said = [&](const HeldShard& held) { return shard::explain_held(spec, held); };
  CHECK_THAT(said({.wait_status = 3 << 8, .listening = {}}), Contains("the command exited with 3;"));
  CHECK_THAT(said({.wait_status = 9, .listening = {}}), Contains("the command died of SIGKILL;"));
  CHECK_THAT(said({.wait_status = 9, .cause = EndCause::kTimeout, .listening = {}}),
             Contains("the command ran out of time;"));
  CHECK_THAT(said({.wait_status = 9, .cause = EndCause::kSilence, .listening = {}}),
             Contains("the command wrote nothing for too long;"));
}

TEST_CASE("a held shard's server on another address is named with it, and no server not at all", "[unit]") {
  CHECK_THAT(explained({"127.0.0.5:9926"}),
             Contains("\n  nslaunch port-forward --to 127.0.0.5 0badcafe 0:9926\n"));
  CHECK_THAT(explained({"[::1]:80"}), Contains("--to ::1 0badcafe 0:80\n"));
  CHECK_THAT(explained({"127.0.0.5:80", "127.0.0.1:81"}), Contains("port-forward 0badcafe 0:81\n"));
  CHECK_THAT(explained({}), !Contains("port-forward"));
}

}  // namespace nslaunch::test
