#include "run/part/schedule.hpp"

#include <catch2/catch.hpp>
#include <string>

namespace nslaunch::run {
namespace {

std::string next_of(Schedule& schedule) {
  const auto turn = schedule.next();
  if (!turn) return "none";
  return std::to_string(turn->part) + "." + std::to_string(turn->repetition) + "." +
         std::to_string(turn->attempt);
}

}  // namespace

TEST_CASE("a schedule runs all parts once, then there is nothing more") {
  Schedule schedule(2, {});
  CHECK(schedule.total() == 2);
  CHECK(next_of(schedule) == "0.1.1");
  CHECK_FALSE(schedule.exhausted());
  CHECK(next_of(schedule) == "1.1.1");
  CHECK(schedule.exhausted());
  CHECK(next_of(schedule) == "none");
}

TEST_CASE("one repetition of all parts comes after the other") {
  Schedule schedule(2, {.retries = 0, .repeat = 2});
  CHECK(schedule.total() == 4);
  for (const char* turn : {"0.1.1", "1.1.1", "0.2.1", "1.2.1", "none"}) CHECK(next_of(schedule) == turn);
}

TEST_CASE("what fails is tried again before anything new, as often as is allowed") {
  Schedule schedule(2, {.retries = 2});
  CHECK(next_of(schedule) == "0.1.1");
  CHECK_FALSE(schedule.settle({0, 1, 1}, false));
  CHECK(next_of(schedule) == "0.1.2");
  CHECK(next_of(schedule) == "1.1.1");
  CHECK(schedule.exhausted());
  CHECK_FALSE(schedule.settle({0, 1, 2}, false));
  CHECK_FALSE(schedule.exhausted());
  CHECK(next_of(schedule) == "0.1.3");
  CHECK(schedule.settle({0, 1, 3}, false));
  CHECK(schedule.settle({1, 1, 1}, true));
  CHECK(schedule.exhausted());
}

TEST_CASE("until something fails there is always one more repetition") {
  Schedule schedule(1, {.until_fail = true});
  CHECK(schedule.total() == 0);
  for (int repetition = 1; repetition < 100; ++repetition)
    CHECK(next_of(schedule) == "0." + std::to_string(repetition) + ".1");
  CHECK_FALSE(schedule.exhausted());
  schedule.stop();
  CHECK(schedule.exhausted());
}

TEST_CASE("a schedule that is stopped starts nothing, and settles whatever ends") {
  Schedule schedule(3, {.retries = 5});
  CHECK(next_of(schedule) == "0.1.1");
  CHECK_FALSE(schedule.settle({0, 1, 1}, false));
  schedule.stop();
  CHECK(next_of(schedule) == "none");
  CHECK(schedule.settle({0, 1, 1}, false));
  CHECK(schedule.exhausted());
}

}  // namespace nslaunch::run
