#include "shard/init/leak_grace.hpp"

#include <catch2/catch.hpp>

namespace nslaunch::shard {
namespace {

constexpr std::chrono::hours kLong{1};

}  // namespace

TEST_CASE("a leak grace runs from the command's end, and is over at once when nothing is to be waited for") {
  LeakGrace grace(kLong, 0);
  CHECK_FALSE(grace.has_expired());
  CHECK(grace.poll_timeout() == -1);
  grace.begin();
  CHECK_FALSE(grace.has_expired());
  CHECK(grace.poll_timeout() > 0);
  grace.skip();
  CHECK(grace.has_expired());
  CHECK(grace.poll_timeout() == 0);
  CHECK_FALSE(grace.extend_for_tails());
}

TEST_CASE("a leak grace that is skipped before the command has ended takes no time then") {
  LeakGrace grace(kLong, 0);
  grace.skip();
  CHECK_FALSE(grace.has_expired());
  grace.begin();
  CHECK(grace.has_expired());
}

}  // namespace nslaunch::shard
