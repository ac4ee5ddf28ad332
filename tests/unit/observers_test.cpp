#include "run/part/observers.hpp"

#include <nslaunch/error.hpp>

#include <catch2/catch.hpp>
#include <stdexcept>
#include <vector>

#include "run/part/one_part.hpp"

namespace nslaunch::test {
namespace {

/// Fails at every event, the notice of that included.
class Failing : public FleetObserver {
 public:
  void fleet_started(const FleetStarted& /*event*/) override { throw std::runtime_error("no room"); }
  void fleet_notice(const FleetNotice& /*event*/) override { throw std::runtime_error("none at all"); }
};

/// Writes down what it is told.
class Noting : public FleetObserver {
 public:
  explicit Noting(std::vector<std::string>& noted) : noted_(noted) {}
  bool wants_trace() const override { return true; }
  void fleet_started(const FleetStarted& event) override {
    noted_.push_back("started " + std::to_string(event.total));
  }
  void attempt_started(const AttemptStarted& event) override {
    noted_.push_back("attempt at " + event.attempt.part.part.name);
  }
  void attempt_ended(const AttemptEnded& event) override {
    noted_.push_back(to_string(event.attempt.status) + std::string(event.attempt.started ? " ran" : ""));
  }
  void part_settled(const PartSettled& event) override {
    noted_.push_back(event.passed ? "passed" : "failed");
  }
  void fleet_notice(const FleetNotice& event) override {
    noted_.push_back("notice " + std::string(event.text));
  }
  void fleet_ended(const FleetEnded& event) override {
    noted_.push_back("ended with " + std::to_string(event.result.parts.size()));
    event.warn("late");
  }

 private:
  std::vector<std::string>& noted_;
};

ShardSpec second_of_four() {
  ShardSpec spec;
  spec.id = "0123abcd";
  spec.command = {"true"};
  spec.shard_index = 2;
  spec.shard_total = 4;
  return spec;
}

}  // namespace

TEST_CASE("what an observer throws is a notice for all, and ends nothing") {
  std::vector<std::string> noted;
  Failing failing;
  Noting noting(noted);
  FleetObserver* const all[] = {&failing, &noting};
  const FleetSpec spec;
  run::Observers(all).notify(&FleetObserver::fleet_started, FleetStarted{.spec = spec, .total = 3});
  CHECK(noted == std::vector<std::string>{"notice no room", "started 3"});
}

TEST_CASE("steps are traced where an observer makes something of them") {
  std::vector<std::string> noted;
  Failing indifferent;
  Noting curious(noted);
  FleetObserver* const one[] = {&indifferent};
  FleetObserver* const both[] = {&indifferent, &curious};
  CHECK_FALSE(run::Observers(one).want_trace());
  CHECK(run::Observers(both).want_trace());
}

TEST_CASE("a run of one shard is told to observers as a fleet of one part") {
  std::vector<std::string> noted;
  Noting noting(noted);
  FleetObserver* const all[] = {&noting};
  const Warn warn = [&](std::string_view text) { noted.push_back("warned " + std::string(text)); };
  const auto fleet = fleet_of_one(second_of_four());
  run::OnePart part(fleet, all, warn);
  SECTION("that has run") {
    Outcome outcome;
    outcome.exit_status = 3;
    part.ended(outcome);
    CHECK(noted == std::vector<std::string>{"started 1", "attempt at shard-2", "FAIL ran", "failed",
                                            "ended with 1", "warned late"});
  }
  SECTION("that could not be run") {
    part.never_ran(Error({}, "no room"));
    CHECK(noted == std::vector<std::string>{"started 1", "attempt at shard-2", "ERROR", "failed",
                                            "ended with 1", "warned late"});
  }
}

TEST_CASE("a run of one shard that has a name is a part of that name") {
  auto spec = second_of_four();
  spec.name = "suite";
  const auto fleet = fleet_of_one(spec);
  CHECK(fleet.parts.front().name == "suite");
  CHECK(fleet.parts.front().index == 2);
  CHECK(fleet.parts.front().total == 4);
}

}  // namespace nslaunch::test
