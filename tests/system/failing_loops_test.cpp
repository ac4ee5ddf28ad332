#include <catch2/catch.hpp>

#include "support/process.hpp"
#include "support/registry_view.hpp"
#include "support/skip.hpp"
#include "support/tampered.hpp"
#include "sys/base/check.hpp"

namespace nslaunch::test {
namespace {

using Catch::Matchers::Contains;

/// The loops of launcher and init: what they wait by, and what they hear by.
constexpr const char* kCalls[] = {"poll,ppoll", "recvmsg", "waitid"};

/// Ends, by itself and in time; either the failure came too late to matter, or it is told of.
void check_ends(const std::string& injection, const Words& words) {
  const RegistryView state;
  const auto ended = run(tampered(injection, words), state.options());
  CAPTURE(injection, words.at(1), ended.out, ended.err);
  CHECK(ended.signal == 0);
  CHECK((ended.status == 0 || ended.status == 125));
  if (ended.status == 125)
    CHECK_THAT(ended.err,
               Contains("Cannot allocate memory") || Contains("init was killed") || Contains("init ended"));
}

}  // namespace

TEST_CASE("a loop whose wait fails for good ends with 125 and the cause") {
  if (!can_tamper()) SKIP_TEST("there is no strace that may trace");
  for (const auto* call : kCalls) {
    for (const int first : {1, 2, 3, 4, 6}) {
      const auto injection = fmt::format("{}:error=ENOMEM:when={}+", call, first);
      check_ends(injection, in_shard("sleep 0.2; exit 0"));
      check_ends(injection, nslaunch({"run", "--shards", "2", "--", "sh", "-c", "sleep 0.2; exit 0"}));
    }
  }
}

TEST_CASE("an exec or a port-forward whose wait fails for good ends with 125 and the cause") {
  if (!can_tamper()) SKIP_TEST("there is no strace that may trace");
  const RegistryView state;
  Process shard(in_shard("echo up; read end", {"--name", "visited"}), state.options());
  REQUIRE(shard.read_line() == "up");
  const Words exec = nslaunch({"exec", "visited", "--", "sleep", "1000"});
  const auto refused = run(tampered("poll,ppoll:error=ENOMEM:when=1+", exec), state.options());
  CAPTURE(refused.err);
  CHECK(refused.status == 125);
  CHECK_THAT(refused.err, Contains("Cannot allocate memory"));
  const Words forward = nslaunch({"port-forward", "visited", "0:9926"});
  const auto ended = run(tampered("poll,ppoll:error=ENOMEM:when=1+", forward), state.options());
  CAPTURE(ended.err);
  CHECK(ended.status == 125);
  CHECK_THAT(ended.err, Contains("Cannot allocate memory"));
}

}  // namespace nslaunch::test
