#include <poll.h>
#include <sched.h>

#include <catch2/catch.hpp>
#include <functional>

#include "shard/launcher/launch.hpp"
#include "shard/plan/make_plan.hpp"
#include "support/namespaces.hpp"
#include "support/process.hpp"
#include "support/registry_view.hpp"
#include "sys/base/check.hpp"
#include "sys/base/files.hpp"

namespace nslaunch::test {
namespace {

/// Of the test's own user namespace.
void allow_pid_namespaces(const char* most) {
  sys::check(-sys::write_file("/proc/sys/user/max_pid_namespaces", most), "setting the limit");
}

/// What `body` says of a launch that has found no slot, where one can be made free.
std::string with_waiting_launch(const std::function<std::string(shard::Launching&)>& body) {
  return in_new_namespaces(CLONE_NEWUSER, [&]() -> std::string {
    ShardSpec spec;
    spec.id = "aaaa";
    spec.command = {"true"};
    const auto plan = shard::make_plan(spec);
    const shard::Hooks hooks;
    allow_pid_namespaces("0");
    shard::Launching launching(plan, hooks);
    if (launching.has_init()) return "it has not waited";
    return body(launching);
  });
}

/// Turns like a loop until the command has started, for at most so many times.
bool starts(shard::Launching& launching, int turns) {
  for (int turn = 0; turn < turns; ++turn) {
    pollfd watched = {launching.fd(), POLLIN, 0};
    ::poll(&watched, 1, launching.poll_timeout());
    if (launching.handle_events()) return true;
  }
  return false;
}

}  // namespace

TEST_CASE(
    "a launch that finds no slot for a namespace leaves its caller's loop to turn, and goes on with one") {
  const auto seen = with_waiting_launch([](shard::Launching& launching) -> std::string {
    if (launching.poll_timeout() > 10) return "it does not look again soon";
    if (starts(launching, 2)) return "it has started without a slot";
    allow_pid_namespaces("10");
    return starts(launching, 1000) ? "started" : "not started";
  });
  CHECK(seen == "started");
}

TEST_CASE("a launch that finds no slot for a namespace says at last which setting has none") {
  const auto seen = with_waiting_launch([](shard::Launching& launching) -> std::string {
    return starts(launching, 1000) ? "started" : "waits for ever";
  });
  CHECK_THAT(seen, Catch::Contains("exception") && Catch::Contains("creating the"));
}

}  // namespace nslaunch::test
