#include <catch2/catch.hpp>

#include "support/process.hpp"
#include "support/registry_view.hpp"
#include "support/skip.hpp"

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

/// `script` by two shards at once, the second of which does nothing, with this limit. The test is skipped
/// where the launcher has no such controller to hand on.
Result run_limited(const Words& limit, const std::string& script) {
  const RegistryView state;
  auto probe = limit;
  probe.insert(probe.end(), {"--", "true"});
  const auto granted = state.ask(probe);
  if (granted.status == 125) SKIP_TEST(("needs a control group of version 2: " + granted.err).c_str());
  Words words{"run", "--shards", "2", "-j", "2"};
  words.insert(words.end(), limit.begin(), limit.end());
  words.insert(words.end(), {"--", "bash", "-c", "if (({index} == 2)); then exit; fi; " + script});
  auto ended = state.ask(words);
  CHECK(state.files() == Words{});
  return ended;
}

}  // namespace

TEST_CASE("a shard that reaches --pids can start no more, is told so, and no other is in its way") {
  const auto ended =
      // Not bash, which tries again and again.
      run_limited({"--pids", "20"}, "dash -c 'while :; do sleep 60 & done' 2>/dev/null; exit 3");
  INFO(ended.err);
  CHECK(ended.status == 1);
  CHECK_THAT(ended.err, Contains("FAIL shard-1") && Contains("PASS shard-2") &&
                            Contains("It has reached its --pids 20"));
}

TEST_CASE("a shard that reaches --memory is ended whole and named, whichever process has used it") {
  const auto ended = run_limited({"--memory", "64M"},
                                 "(x=$(head -c 200M /dev/zero | tr '\\0' x); echo ${#x}) & sleep 60; exit 3");
  INFO(ended.err);
  CHECK(ended.status == 1);
  CHECK_THAT(ended.err, Contains("KILLED shard-1") && Contains("--memory 64M") && Contains("PASS shard-2"));
}

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
