#include "run/report/job_log.hpp"

#include <nslaunch/error.hpp>

#include <catch2/catch.hpp>

#include "support/fleet_results.hpp"
#include "support/temp_dir.hpp"
#include "sys/base/files.hpp"

namespace nslaunch::test {
namespace {

constexpr const char* kTitles = "Seq\tHost\tStarttime\tJobRuntime\tSend\tReceive\tExitval\tSignal\tCommand\n";

/// The log's line of this attempt, at part 2 of 4.
std::string line_of(const Attempt& attempt, unsigned repetition = 1) {
  const TempDir directory;
  run::JobLog log(directory / "log");
  auto part = part_with(2, {attempt});
  part.repetition = repetition;
  part.command = {"sh", "-c", "echo a\tb\nc"};
  const Warn no_warning = [](std::string_view warned) { FAIL(std::string(warned)); };
  const RunningAttempt running{.part = part, .id = {}, .began = {}};
  log.attempt_ended(
      {.running = running, .part = part, .attempt = attempt, .output_problem = {}, .warn = no_warning});
  const auto text = sys::read_file((directory / "log").c_str()).value_or("");
  REQUIRE(text.starts_with(kTitles));
  return text.substr(std::string(kTitles).size());
}

}  // namespace

TEST_CASE("the job log has the columns of GNU parallel's") {
  auto failed = attempt_with(Status::kFail, 3);
  failed.output_bytes = 12;
  CHECK(line_of(failed) == "2\t:\t1700000000.123\t     1.500\t0\t12\t3\t0\tsh -c $'echo a\\x09b\\x0ac'\n");
  CHECK(line_of(failed, 3).starts_with("10\t"));
}

TEST_CASE("in the job log a signal stands in a column of its own, and what never ran has not succeeded") {
  auto killed = attempt_with(Status::kKilled, 137);
  killed.outcome.term_signal = 9;
  CHECK_THAT(line_of(killed), Catch::Contains("\t0\t9\tsh"));
  auto hung = attempt_with(Status::kTimeout, 124);
  hung.outcome.term_signal = 15;
  CHECK_THAT(line_of(hung), Catch::Contains("\t124\t0\tsh"));
  auto cancelled = attempt_with(Status::kCancelled);
  cancelled.started = false;
  CHECK_THAT(line_of(cancelled), Catch::Contains("\t-1\t0\tsh"));
}

TEST_CASE("a job log that can't be opened or written is an error") {
  CHECK_THROWS_AS(run::JobLog("/no/such/directory/log"), Error);
  CHECK_THROWS_WITH(run::JobLog("/dev/full"),
                    Catch::Contains("No space left") && Catch::Contains("--joblog"));
}

}  // namespace nslaunch::test
