#include <nslaunch/fleet_events.hpp>

#include <catch2/catch.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/registry_scene.hpp"

// What a program that embeds the library is told of a fleet.
namespace nslaunch::test {
namespace {

using Texts = std::vector<std::string>;

class Noting : public FleetObserver {
 public:
  void fleet_started(const FleetStarted& event) override { note("started " + std::to_string(event.total)); }
  void attempt_started(const AttemptStarted& event) override {
    note("attempt " + std::to_string(event.attempt.number) + " at " + event.attempt.part.part.name);
  }
  void output_read(const OutputRead& event) override {
    if (event.stream == Stream::kOut) note(event.bytes.empty() ? "no more" : std::string(event.bytes));
  }
  void attempt_ended(const AttemptEnded& event) override {
    note(to_string(event.attempt.status) + std::string(event.again ? ", again" : ""));
    tails.push_back(event.running.tail);
  }
  void part_settled(const PartSettled& event) override { note(event.passed ? "passed" : "failed"); }
  void fleet_notice(const FleetNotice& event) override { note("notice: " + std::string(event.text)); }
  void fleet_settled(const FleetSettled& event) override {
    note("settled " + std::to_string(event.result.parts.size()));
  }
  void fleet_ended(const FleetEnded& /*event*/) override { note("ended"); }

  Texts noted;
  Texts tails;

 private:
  void note(std::string text) { noted.push_back(std::move(text)); }
};

class Throwing : public FleetObserver {
 public:
  void attempt_ended(const AttemptEnded& /*event*/) override { throw std::runtime_error("no room"); }
};

FleetSpec fleet_of(const std::string& script) {
  FleetSpec fleet;
  fleet.shard.command = {"/bin/sh", "-c", script};
  fleet.parts = {{.index = 1, .total = 1, .name = "a"}};
  return fleet;
}

}  // namespace

TEST_CASE("a fleet tells of each attempt from its start to its end, and then of its part", "[system]") {
  const StateDir state;
  auto fleet = fleet_of("echo out; exit 1");
  fleet.retries = 1;
  Noting noting;
  FleetObserver* const all[] = {&noting};
  CHECK(exit_status(run_fleet(fleet, all), fleet) == 1);
  CHECK(noting.noted == Texts{"started 1", "attempt 1 at a", "out\n", "no more", "FAIL, again",
                              "attempt 2 at a", "out\n", "no more", "FAIL", "failed", "settled 1", "ended"});
  CHECK(noting.tails == Texts{"out\n", "out\n"});
}

TEST_CASE("an observer that throws ends no run", "[system]") {
  const StateDir state;
  const auto fleet = fleet_of("exit 0");
  Throwing throwing;
  Noting noting;
  FleetObserver* const all[] = {&throwing, &noting};
  CHECK(exit_status(run_fleet(fleet, all), fleet) == 0);
  CHECK(noting.noted == Texts{"started 1", "attempt 1 at a", "no more", "notice: no room", "PASS", "passed",
                              "settled 1", "ended"});
}

TEST_CASE("a fleet of which nothing can be run ends with that as the error of each part", "[system]") {
  const StateDir state;
  auto fleet = fleet_of("exit 0");
  fleet.shard.overlays.emplace_back().path = "/no/such/directory";
  struct Last : FleetObserver {
    void fleet_ended(const FleetEnded& event) override { result = event.result; }
    FleetResult result;
  } last;
  FleetObserver* const all[] = {&last};
  CHECK_THROWS_WITH(run_fleet(fleet, all), Catch::Contains("/no/such/directory"));
  REQUIRE(last.result.parts.size() == 1);
  CHECK_THAT(last.result.parts.front().attempts.front().error, Catch::Contains("/no/such/directory"));
}

TEST_CASE("a fleet without parts has only its end", "[system]") {
  Noting noting;
  FleetObserver* const all[] = {&noting};
  CHECK(run_fleet({}, all).parts.empty());
  CHECK(noting.noted == Texts{"ended"});
}

}  // namespace nslaunch::test
