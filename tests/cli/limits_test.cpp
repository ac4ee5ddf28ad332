#include <catch2/catch.hpp>

#include "support/process.hpp"
#include "support/registry_view.hpp"

namespace nslaunch::test {
namespace {

using Catch::Matchers::Contains;

/// Where a group can be had the shard is in it, which is gone afterwards; else an error says why, and nothing
/// runs.
void check_limited(const Words& options) {
  const RegistryView state;
  auto words = options;
  words.insert(words.end(), {"--", "cat", "/proc/self/cgroup"});
  const auto result = state.ask(words);
  INFO(result.err);
  if (result.status == 0) {
    CHECK_THAT(result.out, Contains("/nslaunch-"));
    return;
  }
  CHECK(result.status == 125);
  CHECK(result.out.empty());
  CHECK_THAT(result.err, Contains("limiting the shard by a control group: ") &&
                             (Contains("systemd-run") || Contains("systemd.unified_cgroup_hierarchy=1")));
}

}  // namespace

TEST_CASE("a limit on memory or processes is kept by a control group, or refused with the reason") {
  check_limited({"--memory", "64M"});
  check_limited({"--pids", "20"});
  check_limited({"--memory", "64M", "--pids", "20"});
}

TEST_CASE("a limit that leaves no room for a shard is a usage error") {
  const RegistryView state;
  CHECK_THAT(state.refusal_of({"--memory", "1K"}), Contains("--memory: less than 1M is too little"));
  CHECK_THAT(state.refusal_of({"--pids", "2"}), Contains("--pids: '2' is not a number from 3"));
  CHECK_THAT(state.refusal_of({"--memory", "much"}), Contains("--memory"));
}

}  // namespace nslaunch::test
