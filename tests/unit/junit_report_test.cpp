#include "run/report/junit_report.hpp"

#include <catch2/catch.hpp>

#include "support/fleet_results.hpp"
#include "support/xml.hpp"

namespace nslaunch::test {
namespace {

using Catch::Matchers::Contains;

std::string junit_with(std::vector<PartResult> parts, const FleetSpec& spec = {},
                       const run::ReportedCases& reported = {}) {
  const auto text = run::junit_text(run::junit_of(result_with(std::move(parts)), spec, reported));
  CHECK(against_junit_schema(text).empty());
  return text;
}

Attempt leaking() {
  auto attempt = attempt_with(Status::kLeak);
  attempt.outcome.leak_count = 1;
  attempt.outcome.leaks = {{.pid = 7, .command_line = "node server.js", .listening = {"127.0.0.1:9926"}}};
  return attempt;
}

}  // namespace

TEST_CASE("each shard is a JUnit suite with a case for itself") {
  const auto text = junit_with({part_with(1, {attempt_with(Status::kPass)}), part_with(2, {})});
  CHECK(xpath(text, "count(//testsuite)") == "2");
  CHECK(xpath(text, "//testsuite[1]/@name") == "shard-1");
  CHECK(xpath(text, "//testsuite[1]/@time") == "1.500");
  CHECK(xpath(text, "//testsuite[1]/@timestamp") == "2023-11-14T22:13:20");
  CHECK(xpath(text, "//testsuite[1]/@hostname") != "");
  CHECK(xpath(text, "//testsuite[1]/testcase/@name") == "shard-1");
  CHECK(xpath(text, "//testsuite[1]//property[@name='total']/@value") == "4");
  CHECK(xpath(text, "//testsuite[1]//property[@name='id']/@value") == "0123abcd");
  CHECK(xpath(text, "//testsuite[2]/@skipped") == "1");
  CHECK(xpath(text, "//testsuite[2]//skipped/@message") == "cancelled before its command ran");
}

TEST_CASE("a shard that failed is a failure with its last lines, one that nslaunch could not run an error") {
  auto failed = attempt_with(Status::kFail, 3);
  failed.last_output = "first\nsecond\n";
  auto hung = attempt_with(Status::kTimeout, 124);
  hung.outcome.cause = EndCause::kTimeout;
  auto lost = attempt_with(Status::kError, 125);
  lost.error = "no room";
  FleetSpec spec;
  spec.shard.timeout = std::chrono::minutes(5);
  const auto text = junit_with({part_with(1, {failed}), part_with(2, {hung}), part_with(3, {lost})}, spec);
  CHECK(xpath(text, "//testsuite[1]/@failures") == "1");
  CHECK(xpath(text, "//testsuite[1]//failure/@message") == "exit status 3");
  CHECK(xpath(text, "//testsuite[1]//failure") == "first\nsecond");
  CHECK(xpath(text, "//testsuite[2]//failure/@type") == "TIMEOUT");
  CHECK(xpath(text, "//testsuite[2]//failure/@message") == "ran longer than 5m00s");
  CHECK(xpath(text, "//testsuite[3]/@errors") == "1");
  CHECK(xpath(text, "//testsuite[3]//error/@message") == "no room");
}

TEST_CASE("earlier attempts are flaky failures where the last one passed, and reruns where it did not") {
  auto flaky = part_with(
      1, {attempt_with(Status::kFail, 1), attempt_with(Status::kError, 125), attempt_with(Status::kPass)});
  flaky.status = Status::kFlaky;
  const auto text =
      junit_with({flaky, part_with(2, {attempt_with(Status::kFail, 1), attempt_with(Status::kFail, 2)})});
  CHECK(xpath(text, "//testsuite[1]/@failures") == "0");
  CHECK(xpath(text, "//testsuite[1]//flakyFailure/@message") == "exit status 1");
  CHECK(xpath(text, "count(//testsuite[1]//flakyError)") == "1");
  CHECK(xpath(text, "//testsuite[2]//failure/@message") == "exit status 2");
  CHECK(xpath(text, "//testsuite[2]//rerunFailure/@message") == "exit status 1");
}

TEST_CASE("a leak is told on a passed case's standard error, and is a failure with --leaks=fail") {
  const auto told = junit_with({part_with(1, {leaking()})});
  CHECK(xpath(told, "//@failures") == "0");
  CHECK_THAT(xpath(told, "//system-err"), Contains("node server.js") && Contains("127.0.0.1:9926"));
  FleetSpec strict;
  strict.shard.leaks = LeakPolicy::kFail;
  const auto failed = junit_with({part_with(1, {leaking()})}, strict);
  CHECK(xpath(failed, "//@failures") == "1");
  CHECK_THAT(xpath(failed, "//failure"), Contains("node server.js"));
}

TEST_CASE("leaks that nobody knows of are a failure with --leaks=fail that says so") {
  auto unknown = attempt_with(Status::kLeak);
  unknown.outcome.leaks_unknown = true;
  FleetSpec strict;
  strict.shard.leaks = LeakPolicy::kFail;
  const auto text = junit_with({part_with(1, {unknown})}, strict);
  CHECK(xpath(text, "//failure/@message") == "what was left running is unknown");
}

TEST_CASE("the cases that a command has reported follow its shard's own, those of the last attempt") {
  auto first = attempt_with(Status::kFail, 1);
  first.id = "first000";
  const run::ReportedCases reported = {{"first000", {{.name = "old"}}},
                                       {"0123abcd", {{.name = "new", .remarks = {{.element = "failure"}}}}}};
  const auto text = junit_with({part_with(1, {first, attempt_with(Status::kFail, 1)})}, {}, reported);
  CHECK(xpath(text, "//testsuite/@tests") == "2");
  CHECK(xpath(text, "//testsuite/@failures") == "2");
  CHECK(xpath(text, "//testcase[2]/@name") == "new");
}

}  // namespace nslaunch::test
