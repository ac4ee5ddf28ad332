#include <catch2/catch.hpp>

#include "run/show/progress.hpp"
#include "support/printed.hpp"
#include "support/process.hpp"

namespace nslaunch::test {
namespace {

using Catch::Matchers::Matches;
using std::chrono::hours;
using std::chrono::milliseconds;

run::FleetSnapshot snapshot_of(std::size_t running) {
  run::FleetSnapshot snapshot{
      .settled = 3, .total = 15, .failed = 1, .began = sys::Clock::now(), .running = {}};
  for (std::size_t number = 1; number <= running; ++number)
    snapshot.running.push_back({"shard-" + std::to_string(number), sys::Clock::now() - hours(1), "last"});
  return snapshot;
}

}  // namespace

TEST_CASE("a log in which nothing was said for the heartbeat's time gets a line, and not before", "[unit]") {
  run::Printer printer;
  CHECK(run::plain_progress(printer, milliseconds(0))->is_due());
  const auto usual = run::plain_progress(printer);
  CHECK_FALSE(usual->is_due());
  CHECK(usual->poll_timeout() <= 30'000);
  CHECK(usual->poll_timeout() > 0);
}

TEST_CASE("what was said puts the heartbeat off", "[unit]") {
  run::Printer printer;
  const auto progress = run::plain_progress(printer, hours(1));
  CHECK(eventually([&] {
    const int left = progress->poll_timeout();
    progress->changed();
    return progress->poll_timeout() > left;
  }));
}

TEST_CASE("the heartbeat says how far it is, and names eight of those that run with their age", "[unit]") {
  CHECK_THAT(
      printed(
          [](run::Printer& printer) { run::plain_progress(printer, milliseconds(0))->show(snapshot_of(2)); }),
      Matches(
          "nslaunch: 3 of 15 ended, 1 failed, 2 running: shard-1 \\(1h[^ ]*\\), shard-2 \\(1h[^ ]*\\)\n"));
  CHECK_THAT(printed([](run::Printer& printer) {
               run::plain_progress(printer, milliseconds(0))->show(snapshot_of(10));
             }),
             Matches("nslaunch: .*, 10 running: .*, shard-8 \\(1h[^ ]*\\), 2 more\n"));
}

}  // namespace nslaunch::test
