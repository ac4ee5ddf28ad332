#include <algorithm>
#include <catch2/catch.hpp>
#include <sstream>

#include "support/fleet_scene.hpp"

namespace nslaunch::test {
namespace {

using Catch::Matchers::Contains;

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

}  // namespace

TEST_CASE("what fails is tried again with --retries in a new shard, which knows which attempt it is") {
  const FleetScene scene;
  const auto ended =
      run(nslaunch({"run", "--shards", "2", "--retries", "2", "--", "sh", "-c",
                    "echo try $NSLAUNCH_ATTEMPT of $0; test ! -e /tmp/was || exit 9; : >/tmp/was; "
                    "test $0 = 1 || test $NSLAUNCH_ATTEMPT = 2",
                    "{index}"}),
          scene.options());
  INFO(ended.err << ended.out);
  CHECK(ended.status == 0);
  CHECK(statuses_in(ended.err)["shard-2"] == "FLAKY");
  CHECK_THAT(ended.err, Contains("FAIL shard-2: exit status 1, ") && Contains("; attempt 2 of 3 follows") &&
                            Contains("FLAKY shard-2 (2 attempts)"));
  CHECK(count(ended.out, "try 1 of 2\n") == 1);
  CHECK(count(ended.out, "try 2 of 2\n") == 1);
  CHECK(count(ended.out, "try") == 3);
}

TEST_CASE("what fails at every attempt has failed") {
  const FleetScene scene;
  const auto ended = scene.run({"--retries", "2"}, {"fail 4", "die ABRT", "/ fail 5"});
  INFO(ended.err);
  CHECK(ended.status == 1);
  CHECK_THAT(ended.err, Contains("FAIL shard-1: exit status 4 (3 attempts)") &&
                            Contains("KILLED shard-2: died of SIGABRT (3 attempts)"));
}

TEST_CASE("the first failure with --fail-fast ends what runs, starts nothing more, and counts all of it") {
  const FleetScene scene;
  auto arrived = scene.gate("arrived");
  auto gate = scene.gate("gate");
  auto running = scene.start({"--fail-fast", "-j", "2"},
                             {"tell arrived; hang", "await gate; fail 3", "say no", "say no"});
  arrived.told();
  gate.open(1);
  const auto ended = running.wait();
  INFO(ended.err);
  CHECK(ended.status == 1);
  CHECK(ended.out.empty());
  CHECK(statuses_in(ended.err) ==
        std::map<std::string, std::string>{{"shard-1", "CANCELLED"}, {"shard-2", "FAIL"}});
  CHECK_THAT(last_line_of(ended.err),
             Contains("3 CANCELLED, 1 FAIL in ") && Contains("; ended at the first failure"));
}

TEST_CASE("a shard has failed for --fail-fast when its last attempt has") {
  const FleetScene scene;
  const auto ended =
      scene.run({"--fail-fast", "-j", "1", "--retries", "1"}, {"fail 1 / pass", "fail 1", "say no"});
  INFO(ended.err);
  CHECK(statuses_in(ended.err) ==
        std::map<std::string, std::string>{{"shard-1", "FLAKY"}, {"shard-2", "FAIL"}});
  CHECK(ended.out.empty());
}

TEST_CASE("each shard runs as often as --repeat says, and a failure says in which repetition") {
  const FleetScene scene;
  const auto ended = scene.run({"--repeat", "3", "-j", "3"}, {"say one", "say two"});
  CHECK(count(ended.out, "one\n") == 3);
  CHECK(count(ended.out, "two\n") == 3);
  CHECK_THAT(last_line_of(ended.err), Contains("6 PASS in "));
  CHECK_THAT(scene.run({"--repeat", "2"}, {"fail 2"}).err,
             Contains("FAIL shard-1 (repetition 2): exit status 2"));
}

TEST_CASE("shards run again and again with --until-fail, which tells of the failure alone") {
  const FleetScene scene;
  const auto ended = run(nslaunch({"run", "--until-fail", "-j", "3", "--", "bash", "-c",
                                   "echo >>runs; (($(wc -l <runs) < 8)) || ! mkdir once 2>&1"}),
                         scene.options());
  INFO(ended.err);
  CHECK(ended.status == 1);
  CHECK(statuses_in(last_line_of(ended.err)).empty());
  CHECK_THAT(last_line_of(ended.err),
             Contains(" PASS") && Contains("1 FAIL") && Contains("; repeated until it failed"));
  CHECK(count(ended.err, "again: ") == 1);
}

TEST_CASE("a shard that hangs, deaf or not, runs into --timeout, and the others do not wait for it") {
  const FleetScene scene;
  auto gate = scene.gate("gate");
  auto running = scene.start({"-j", "4", "--timeout", "2s", "--grace", "50ms", "--output", "stream"},
                             {"hang", "deaf; hang", "stop", "say done"});
  while (running.read_line() != "shard-4 | done") continue;
  const auto ended = running.wait();
  INFO(ended.err);
  CHECK(ended.status == 124);
  for (const char* name : {"shard-1", "shard-2", "shard-3"}) CHECK(statuses_in(ended.err)[name] == "TIMEOUT");
  CHECK(statuses_in(ended.err)["shard-4"] == "PASS");
}

TEST_CASE("silence is measured on each shard's own output") {
  const FleetScene scene;
  const auto ended = run(
      nslaunch({"run", "--shards", "2", "-j", "2", "--silence", "1s", "--grace", "100ms", "--", "sh", "-c",
                "test $0 = 1 && exec sleep infinity; for i in 1 2 3 4 5 6 7 8; do echo $i; sleep 0.2; done",
                "{index}"}),
      scene.options());
  INFO(ended.err);
  CHECK(ended.status == 124);
  CHECK_THAT(ended.err, Contains("TIMEOUT shard-1: wrote nothing for 1.0s"));
  CHECK(statuses_in(ended.err)["shard-2"] == "PASS");
}

TEST_CASE("when --total-timeout has passed all of it ends with 124, and what has failed before stays told") {
  const FleetScene scene;
  const auto ended = scene.run({"-j", "2", "--total-timeout", "1s", "--grace", "100ms"},
                               {"fail 3", "deaf; hang", "hang", "say no"});
  INFO(ended.err);
  CHECK(ended.status == 124);
  CHECK(ended.out.empty());
  CHECK(statuses_in(ended.err)["shard-1"] == "FAIL");
  CHECK(statuses_in(ended.err)["shard-2"] == "CANCELLED");
  CHECK_THAT(last_line_of(ended.err),
             Contains("3 CANCELLED, 1 FAIL") && Contains("; --total-timeout has passed"));
}

TEST_CASE("as many run at once as --jobs says, and no more") {
  const FleetScene scene;
  auto arrived = scene.gate("arrived");
  auto gate = scene.gate("gate");
  auto running = scene.start({"-j", "3"}, Words(5, "tell arrived; await gate"));
  for (int shard = 0; shard < 3; ++shard) arrived.told();
  CHECK(scene.registry().shards().size() == 3);
  gate.open(5);
  for (int shard = 0; shard < 2; ++shard) arrived.told();
  CHECK(running.wait().status == 0);
}

TEST_CASE("between two starts there is the time that --stagger says") {
  const FleetScene scene;
  const auto ended =
      run(nslaunch({"run", "--shards", "3", "-j", "3", "--stagger", "300ms", "--", "date", "+%s%N"}),
          scene.options());
  std::istringstream times(ended.out);
  std::vector<long long> starts;
  for (long long time = 0; times >> time;) starts.push_back(time / 1'000'000);
  std::sort(starts.begin(), starts.end());
  REQUIRE(starts.size() == 3);
  CHECK(starts[2] - starts[0] >= 400);  // two pauses, less what the first launches may have taken longer
}

TEST_CASE("120 shards at once, more than the caller's soft limit on descriptors has room for") {
  const FleetScene scene;
  Words words{"bash", "-c", "ulimit -Sn 128; exec \"$@\"", "-"};
  auto fleet = nslaunch({"run", "--shards", "120", "-j", "120", "--", "sh", "-c", "ulimit -n"});
  words.insert(words.end(), fleet.begin(), fleet.end());
  const auto ended = run(words, scene.options());
  INFO(ended.err);
  CHECK(ended.status == 0);
  CHECK(count(ended.out, "128\n") == 120);
  CHECK_THAT(last_line_of(ended.err), Contains("120 PASS"));
}

TEST_CASE("where the hard limit on descriptors is low fewer run at once, and nslaunch says so") {
  const FleetScene scene;
  Words words{"bash", "-c", "ulimit -n 100; exec \"$@\"", "-"};
  auto fleet = nslaunch({"run", "--shards", "40", "-j", "40", "--", "sh", "-c", "echo ran"});
  words.insert(words.end(), fleet.begin(), fleet.end());
  const auto ended = run(words, scene.options());
  INFO(ended.err);
  CHECK(ended.status == 0);
  CHECK(count(ended.out, "ran\n") == 40);
  CHECK_THAT(ended.err,
             Contains("nslaunch: 4 shards at once, not 40: the hard limit on open descriptors is 100"));
  CHECK(scene.registry().files() == Words{});
}

}  // namespace nslaunch::test
