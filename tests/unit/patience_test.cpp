#include "sys/base/patience.hpp"

#include <catch2/catch.hpp>

namespace nslaunch::test {
namespace {

using std::chrono::seconds;
using sys::Clock;

/// Somebody who answers just in time, or after `slowness`, whichever is less. How long all of it takes.
Clock::duration time_for(sys::Patience& patience, int waits, Clock::duration slowness, Clock::time_point& now,
                         Clock::duration between = {}) {
  Clock::duration sum{};
  for (int wait = 0; wait < waits; ++wait, now += between) {
    const auto taken = std::min<Clock::duration>(slowness, patience.limit(now));
    patience.waited(now, now + taken);
    now += taken;
    sum += taken;
  }
  return sum;
}

}  // namespace

TEST_CASE("whoever answers late each time keeps us waiting for ten seconds in all") {
  auto now = Clock::now();
  sys::Patience patience(seconds(10));
  CHECK(time_for(patience, 20, seconds(9), now) <= seconds(10) + 20 * std::chrono::milliseconds(201));
  sys::Patience another(seconds(20));
  CHECK(another.limit(now) >= seconds(20));
}

TEST_CASE(
    "many who answer late each time, and each of whom is new, keep us waiting for twenty seconds in all") {
  auto now = Clock::now();
  sys::Patience all(seconds(20));
  CHECK(time_for(all, 100, seconds(9), now) <= seconds(20) + 100 * std::chrono::milliseconds(201));
}

TEST_CASE("who needs no longer than anybody is waited for however often") {
  auto now = Clock::now();
  sys::Patience patience(seconds(10));
  CHECK(time_for(patience, 10'000, std::chrono::milliseconds(150), now) == 1500 * seconds(1));
  CHECK(patience.limit(now) >= seconds(10));
}

TEST_CASE("patience comes back slowly while nobody waits, and with no wait") {
  auto now = Clock::now();
  sys::Patience patience(seconds(10));
  CHECK(patience.limit(now) >= seconds(10));
  patience.use_up();
  patience.waited(now, now += seconds(10));
  CHECK(patience.limit(now) < seconds(1));
  CHECK(patience.limit(now += seconds(50)) >= seconds(5));
  CHECK(patience.limit(now) < seconds(6));
  CHECK(patience.limit(now += std::chrono::hours(10)) < seconds(11));
}

}  // namespace nslaunch::test
