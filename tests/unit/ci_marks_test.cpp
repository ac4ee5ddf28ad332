#include <catch2/catch.hpp>

#include "run/report/github.hpp"
#include "run/report/marks.hpp"
#include "support/fleet_results.hpp"

namespace nslaunch::test {
namespace {

using Catch::Matchers::Contains;

std::size_t lines_with(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

std::vector<PartResult> failures(unsigned number) {
  std::vector<PartResult> parts;
  for (unsigned index = 1; index <= number; ++index)
    parts.push_back(part_with(index, {attempt_with(Status::kFail, 1)}));
  return parts;
}

}  // namespace

TEST_CASE("a failed shard is an error annotation for GitHub, on one line whatever it has written") {
  auto failed = attempt_with(Status::kFail, 3);
  failed.last_output = "50%\r\n::error::forged\n";
  auto part = part_with(1, {failed});
  part.part.name = "a:b,c%";
  CHECK(run::github_annotations(result_with({part}), {}) ==
        "::error title=FAIL a%3Ab%2Cc%25::exit status 3%0A50%25\\x0d%0A::error::forged\n");
}

TEST_CASE("GitHub gets ten annotations of a kind at most, the last of which counts the rest") {
  CHECK(lines_with(run::github_annotations(result_with(failures(10)), {}), "::error title=FAIL") == 10);
  const auto many = run::github_annotations(result_with(failures(25)), {});
  CHECK(lines_with(many, "::error title=FAIL") == 9);
  CHECK_THAT(many, Contains("::error title=nslaunch::16 more shards\n"));
}

TEST_CASE("what passed at a later try is a warning for GitHub, what was cancelled is nothing") {
  auto flaky = part_with(1, {attempt_with(Status::kFail, 1), attempt_with(Status::kPass)});
  flaky.status = Status::kFlaky;
  const auto text = run::github_annotations(result_with({flaky, part_with(2, {})}), {});
  CHECK(text == "::warning title=FLAKY shard-1::first exit status 1, then passed\n");
}

TEST_CASE("GitHub's summary is a table with what failed first, and no longer than it may be") {
  auto odd = part_with(2, {attempt_with(Status::kFail, 1)});
  odd.part.name = "a|b<c>*d";
  const auto text =
      run::github_summary(result_with({part_with(1, {attempt_with(Status::kPass)}), odd}), {}, 10'000);
  const auto failed = text.find("| FAIL | a&#124;b&lt;c&gt;&#42;d | exit status 1 | 1.5s | 1 |\n");
  REQUIRE(failed != std::string::npos);
  CHECK(text.find("| PASS | shard-1 |") > failed);
  CHECK_THAT(text, Contains("1 PASS, 1 FAIL in 3.0s"));
  const auto cut = run::github_summary(result_with(failures(1000)), {}, 5000);
  CHECK(cut.size() <= 5000);
  CHECK_THAT(cut, Contains(" more shards\n"));
}

TEST_CASE("GitHub folds the output of a shard that passed, and leaves a failure open") {
  const auto passed = attempt_with(Status::kPass);
  const auto marks = run::github_marks(part_with(1, {passed}), passed, {});
  CHECK(marks.before == "::group::PASS shard-1, 1.5s\n");
  CHECK(marks.after == "::endgroup::\n");
  const auto failed = attempt_with(Status::kFail, 1);
  CHECK(run::github_marks(part_with(1, {failed}), failed, {}).before.empty());
}

TEST_CASE("GitLab gets a section of each shard's output, closed where it passed") {
  const auto passed = attempt_with(Status::kPass);
  const auto marks = run::gitlab_marks(part_with(1, {passed}), passed, {});
  CHECK(marks.before ==
        "\033[0Ksection_start:1700000000:nslaunch_0123abcd[collapsed=true]\r\033[0KPASS shard-1, 1.5s\n");
  CHECK(marks.after == "\033[0Ksection_end:1700000001:nslaunch_0123abcd\r\033[0K\n");
  const auto failed = attempt_with(Status::kFail, 1);
  CHECK_THAT(run::gitlab_marks(part_with(1, {failed}), failed, {}).before, !Contains("collapsed"));
}

}  // namespace nslaunch::test
