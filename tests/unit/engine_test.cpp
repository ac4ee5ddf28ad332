#include <nslaunch/engine.hpp>

#include <nslaunch/error.hpp>

#include <catch2/catch.hpp>

#include "cli/run/each_list.hpp"

namespace nslaunch {
namespace {

using Catch::Matchers::Contains;
using Environment = std::vector<std::string>;

/// A part that an engine names in two variables, the third of four.
struct Pair {
  const char* engine;
  const char* index;
  unsigned first;
  const char* total;
};

constexpr Pair kPairs[] = {
    {"GitLab CI", "CI_NODE_INDEX", 1, "CI_NODE_TOTAL"},
    {"CircleCI", "CIRCLE_NODE_INDEX", 0, "CIRCLE_NODE_TOTAL"},
    {"Buildkite", "BUILDKITE_PARALLEL_JOB", 0, "BUILDKITE_PARALLEL_JOB_COUNT"},
    {"Azure Pipelines", "SYSTEM_JOBPOSITIONINPHASE", 1, "SYSTEM_TOTALJOBSINPHASE"},
    {"Bitbucket Pipelines", "BITBUCKET_PARALLEL_STEP", 0, "BITBUCKET_PARALLEL_STEP_COUNT"},
    {"Bazel", "TEST_SHARD_INDEX", 0, "TEST_TOTAL_SHARDS"},
    {"Kubernetes", "JOB_COMPLETION_INDEX", 0, "JOB_COMPLETIONS"},
    {"Nomad", "NOMAD_ALLOC_INDEX", 0, "NOMAD_META_SHARDS"},
    {"GNU parallel", "PARALLEL_SEQ", 1, "PARALLEL_TOTAL"},
};

std::string set(const char* name, unsigned long value) {
  return std::string(name) + "=" + std::to_string(value);
}

Environment array(unsigned id, unsigned count, unsigned first, unsigned last, unsigned step) {
  return {set("SLURM_ARRAY_TASK_ID", id), set("SLURM_ARRAY_TASK_COUNT", count),
          set("SLURM_ARRAY_TASK_MIN", first), set("SLURM_ARRAY_TASK_MAX", last),
          set("SLURM_ARRAY_TASK_STEP", step)};
}

Environment operator+(Environment left, const Environment& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

std::string complaint(const Environment& environment) {
  try {
    detect_engine(environment);
  } catch (const UsageError& error) {
    return error.what();
  }
  return {};
}

std::string shard_complaint(const char* text) {
  try {
    parse_shard(text);
  } catch (const UsageError& error) {
    return error.what();
  }
  return {};
}

const Environment kSecondOfThreeByGitlab = {"CI_NODE_INDEX=2", "CI_NODE_TOTAL=3"};

}  // namespace

TEST_CASE("every engine's part is read, counted from 1 whatever the engine begins with") {
  for (const auto& pair : kPairs) {
    CAPTURE(pair.engine);
    for (unsigned index = 1; index <= 4; ++index) {
      const auto part = detect_engine({"A=1", set(pair.index, pair.first + index - 1), set(pair.total, 4)});
      CHECK(part == ShardNumber{index, 4});
      CHECK(part.engine == std::string(pair.engine) + " (" + pair.index + ", " + pair.total + ")");
      CHECK(part.status_file.empty());
    }
  }
}

TEST_CASE("an index outside the total is refused with both variables") {
  for (const auto& pair : kPairs) {
    CAPTURE(pair.engine);
    const auto beyond = set(pair.index, pair.first + 4);
    CHECK_THAT(complaint({beyond, set(pair.total, 4)}), Contains(pair.engine) && Contains(beyond) &&
                                                            Contains(set(pair.total, 4)) &&
                                                            Contains("--shard I/N"));
  }
  CHECK_THAT(complaint({"CI_NODE_INDEX=0", "CI_NODE_TOTAL=4"}), Contains("the index is not from 1 to 4"));
  CHECK_THAT(complaint({"CIRCLE_NODE_INDEX=0", "CIRCLE_NODE_TOTAL=0"}), Contains("CIRCLE_NODE_TOTAL=0"));
}

TEST_CASE("a total that no suite has is refused, and so is a part of one split further") {
  CHECK_THAT(complaint({"CI_NODE_INDEX=1", "CI_NODE_TOTAL=4294967295"}),
             Contains("CI_NODE_TOTAL=4294967295") && Contains("at most 1000000 parts"));
  CHECK_THAT(complaint({"SLURM_ARRAY_TASK_ID=1", "SLURM_ARRAY_TASK_COUNT=2000000", "SLURM_ARRAY_TASK_MIN=1",
                        "SLURM_ARRAY_TASK_MAX=2000000", "SLURM_ARRAY_TASK_STEP=1"}),
             Contains("at most 1000000 parts"));
  cli::Arguments arguments;
  arguments.add("shards", "100000");
  ShardSpec own;
  own.shard_index = own.shard_total = 1'000'000;
  CHECK_THROWS_WITH(cli::read_parts(arguments, own),
                    Contains("100000 shards in each of 1000000 parts: the most of a suite is 1000000"));
  own.shard_index = own.shard_total = 10;
  CHECK(cli::read_parts(arguments, own).back().index == 1'000'000);
}

TEST_CASE("a total that is missing is named, and where the engine has none it is said what to set") {
  for (const auto& pair : kPairs) {
    CAPTURE(pair.engine);
    CHECK_THAT(complaint({set(pair.index, 1)}), Contains(pair.engine) && Contains(set(pair.index, 1)) &&
                                                    Contains(std::string(pair.total) + " is not set") &&
                                                    Contains("--shard"));
  }
  CHECK_THAT(complaint({"JOB_COMPLETION_INDEX=1"}), Contains("Set JOB_COMPLETIONS"));
  CHECK_THAT(complaint({"NOMAD_ALLOC_INDEX=1"}), Contains("Set SHARDS in the task's meta"));
  CHECK_THAT(complaint({"PARALLEL_SEQ=1"}), Contains("--shard '{#}/{##}'"));
}

TEST_CASE("an index that is missing is named, but where there is one part only") {
  for (const auto& pair : kPairs) {
    CAPTURE(pair.engine);
    CHECK_THAT(complaint({set(pair.total, 4)}),
               Contains(set(pair.total, 4)) && Contains(std::string(pair.index) + " is not set"));
    CHECK(detect_engine({set(pair.total, 1)}) == ShardNumber{1, 1});
  }
}

TEST_CASE("what is no number is refused by name and value, and an empty variable is none") {
  for (const char* junk : {"x", "-1", "+1", " 1", "1 ", "1.0", "0x1", "4294967296", "\x1b[31m"}) {
    CAPTURE(junk);
    CHECK_THAT(complaint({std::string("CI_NODE_INDEX=") + junk, "CI_NODE_TOTAL=4"}),
               Contains("CI_NODE_INDEX is no number") && !Contains("\x1b"));
    CHECK_THAT(complaint({"CI_NODE_INDEX=1", std::string("CI_NODE_TOTAL=") + junk}),
               Contains("CI_NODE_TOTAL is no number"));
  }
  CHECK_THAT(complaint({"CI_NODE_INDEX=", "CI_NODE_TOTAL=4"}), Contains("CI_NODE_INDEX is not set"));
  CHECK(detect_engine(kSecondOfThreeByGitlab + Environment{"CIRCLE_NODE_INDEX=", "CIRCLE_NODE_TOTAL="}) ==
        ShardNumber{2, 3});
}

TEST_CASE("a Slurm array may begin anywhere and have a step") {
  CHECK(detect_engine(array(0, 4, 0, 3, 1)) == ShardNumber{1, 4});
  CHECK(detect_engine(array(3, 4, 0, 3, 1)) == ShardNumber{4, 4});
  CHECK(detect_engine(array(5, 4, 1, 7, 2)) == ShardNumber{3, 4});
  CHECK(detect_engine(array(40, 4, 10, 40, 10)) == ShardNumber{4, 4});
  CHECK(detect_engine(array(7, 1, 7, 7, 0)) == ShardNumber{1, 1});
  CHECK(detect_engine(array(3, 4, 0, 3, 1)).engine == "Slurm (SLURM_ARRAY_TASK_ID, SLURM_ARRAY_TASK_COUNT)");
}

TEST_CASE("a Slurm array with gaps, or one that contradicts itself, is refused with all its variables") {
  const std::vector<Environment> wrong = {array(5, 3, 1, 9, 1), array(2, 4, 1, 7, 2), array(8, 4, 0, 3, 1),
                                          array(0, 4, 1, 4, 1), array(1, 4, 1, 4, 0), array(1, 0, 1, 4, 1)};
  for (const auto& environment : wrong) {
    for (const auto& variable : environment) CHECK_THAT(complaint(environment), Contains(variable));
    CHECK_THAT(complaint(environment), Contains("gaps") && Contains("--array=1-4"));
  }
  for (std::size_t missing = 0; missing < 5; ++missing) {
    auto environment = array(1, 4, 1, 4, 1);
    const auto name = environment[missing].substr(0, environment[missing].find('='));
    environment.erase(environment.begin() + static_cast<std::ptrdiff_t>(missing));
    CHECK_THAT(complaint(environment), Contains(name + " is not set"));
  }
}

TEST_CASE("two engines that have both split the run are refused, with what each says") {
  CHECK_THAT(
      complaint(kSecondOfThreeByGitlab + array(0, 4, 0, 3, 1)),
      Contains("2/3 by GitLab CI (CI_NODE_INDEX, CI_NODE_TOTAL), 1/4 by Slurm") && Contains("--shard I/N"));
}

TEST_CASE("an engine that has split nothing does not count beside one that has") {
  const Environment whole_by_circle = {"CIRCLE_NODE_INDEX=0", "CIRCLE_NODE_TOTAL=1"};
  const Environment whole_by_gitlab = {"CI_NODE_TOTAL=1"};
  CHECK(detect_engine(whole_by_circle + kSecondOfThreeByGitlab) == ShardNumber{2, 3});
  CHECK(detect_engine(whole_by_gitlab + array(1, 4, 0, 3, 1)) == ShardNumber{2, 4});
  CHECK(detect_engine(whole_by_gitlab + whole_by_circle) == ShardNumber{1, 1});
}

TEST_CASE("an index without a total counts only where nobody else has split the run") {
  const Environment nomad = {"NOMAD_ALLOC_INDEX=7"};
  CHECK(detect_engine(nomad + kSecondOfThreeByGitlab) == ShardNumber{2, 3});
  CHECK_THAT(complaint(nomad + Environment{"CI_NODE_TOTAL=1"}), Contains("NOMAD_META_SHARDS is not set"));
}

TEST_CASE("Bazel's part comes with the file that it wants touched") {
  const auto part =
      detect_engine({"TEST_SHARD_INDEX=0", "TEST_TOTAL_SHARDS=2", "TEST_SHARD_STATUS_FILE=/a/b"});
  CHECK(part == ShardNumber{1, 2});
  CHECK(part.status_file == "/a/b");
  CHECK(
      detect_engine(kSecondOfThreeByGitlab + Environment{"TEST_SHARD_STATUS_FILE=/a/b"}).status_file.empty());
}

TEST_CASE("without an engine the known ones are listed, and what to type instead") {
  for (const auto& pair : kPairs) CHECK_THAT(complaint({"PATH=/bin"}), Contains(pair.engine));
  CHECK_THAT(complaint({}),
             Contains("Slurm") && Contains("--shard I/N") && Contains("--shard ${{ matrix.shard }}/4"));
}

TEST_CASE("a part is written I/N and counted from 1") {
  CHECK(parse_shard("2/4") == ShardNumber{2, 4});
  CHECK(parse_shard("1/1") == ShardNumber{1, 1});
  CHECK(parse_shard("100/100") == ShardNumber{100, 100});
}

TEST_CASE("a part that is none is refused with what to type") {
  for (const char* text : {"0/4", "5/4", "1/0", "0/0"}) {
    CHECK_THAT(shard_complaint(text), Contains("--shard: there is no shard") && Contains("counted from 1"));
  }
  for (const char* text : {"", "a/b", "2", "/", "2/", "/4", "2/4/", "2/4x", "-1/4", "+1/4", " 1/4", "1 / 4",
                           "Auto", "4294967297/4294967298"}) {
    CHECK_THAT(shard_complaint(text), Contains("is neither I/N nor auto") && Contains("--shard 2/4"));
  }
  CHECK_THROWS_WITH(parse_shard("x", "NSLAUNCH_OPT_SHARD"), Contains("NSLAUNCH_OPT_SHARD: 'x'"));
}

}  // namespace nslaunch
