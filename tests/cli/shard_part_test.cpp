#include <catch2/catch.hpp>
#include <filesystem>

#include "support/process.hpp"
#include "support/registry_view.hpp"
#include "support/temp_dir.hpp"
#include "support/write_file.hpp"

namespace nslaunch::test {
namespace {

using Catch::Matchers::Contains;

constexpr const char* kShowPart = "echo $NSLAUNCH_SHARD_INDEX $NSLAUNCH_SHARD_INDEX0 $NSLAUNCH_SHARD_TOTAL";

/// Runs of nslaunch as an engine starts them: with its variables and with nobody else's.
class Job {
 public:
  explicit Job(Words variables) : options_(state_.options()) {
    for (const char* name : {"CI_NODE_INDEX", "CI_NODE_TOTAL", "CIRCLE_NODE_INDEX", "CIRCLE_NODE_TOTAL"})
      options_.environment.emplace_back(name);
    options_.environment.insert(options_.environment.end(), variables.begin(), variables.end());
  }

  Result run_script(const std::string& script, const Words& options) const {
    return run(in_shard(script, options), options_);
  }
  Result run_command(Words words) const { return run(nslaunch(std::move(words)), options_); }
  const RegistryView& state() const { return state_; }

 private:
  RegistryView state_;
  StartOptions options_;
};

}  // namespace

TEST_CASE("a run that is one of several says so to its command, in the list and with -v") {
  const Job job({});
  CHECK(job.run_script(kShowPart, {"--shard", "2/4"}).out == "2 1 4\n");
  CHECK(job.run_script(kShowPart, {}).out == "1 0 1\n");
  CHECK_THAT(job.run_script("true", {"--shard=2/4", "-v"}).err, Contains("nslaunch: shard 2/4\n"));
  Process held(in_shard("echo started; read -r line", {"--shard", "3/4"}), job.state().options());
  REQUIRE(held.read_line() == "started");
  const auto shards = job.state().shards();
  REQUIRE(shards.size() == 1);
  CHECK(shards[0]["shard_index"] == 3);
  CHECK(shards[0]["shard_total"] == 4);
  held.close_input();
  CHECK(held.wait().status == 1);
}

TEST_CASE("the engine's variables say which part it is, and -v says whose") {
  const Job job({"CI_NODE_INDEX=3", "CI_NODE_TOTAL=4"});
  const auto ended = job.run_script(kShowPart, {"--shard", "auto", "-v"});
  CHECK(ended.out == "3 2 4\n");
  CHECK_THAT(ended.err, Contains("nslaunch: shard 3/4 by GitLab CI (CI_NODE_INDEX, CI_NODE_TOTAL)\n"));
  const Job by_twin({"CIRCLE_NODE_INDEX=0", "CIRCLE_NODE_TOTAL=2", "NSLAUNCH_OPT_SHARD=auto"});
  const auto quiet = by_twin.run_script(kShowPart, {});
  CHECK(quiet.out == "1 0 2\n");
  CHECK(quiet.err.empty());
}

TEST_CASE("words in braces are replaced in the arguments and in --env of a run that is one of several") {
  const Job job({});
  const auto ended = job.run_command({"--shard", "2/4", "--name", "web", "--env", "PART={index0}of{total}",
                                      "--", "sh", "-c", "echo $PART $0 $1 $2; test $3 = $NSLAUNCH_ID",
                                      "{index}/{total}", "{name}", "{}{other}", "{id}"});
  CHECK(ended.out == "1of4 2/4 web {}{other}\n");
  CHECK(ended.status == 0);
  CHECK(job.run_command({"--shard", "1/1", "--", "echo", "{index}"}).out == "1\n");
}

TEST_CASE("a file of variables, and a variable's name, are taken as they are") {
  const Job job({});
  const TempDir directory;
  write_file(directory / "file", "FROM_FILE={index}\n");
  const auto ended = job.run_command(
      {"--shard", "2/4", "--env-file", directory / "file", "--env", "{index}={index}", "--", "env"});
  CHECK_THAT(ended.out, Contains("\nFROM_FILE={index}\n") && Contains("\n{index}=2\n"));
}

TEST_CASE("a test runner is told its part by its own variables, and --env beats them") {
  const Job job({"CI_NODE_INDEX=3", "CI_NODE_TOTAL=4"});
  const auto told = job.run_script(
      "echo $GTEST_SHARD_INDEX $GTEST_TOTAL_SHARDS $TEST_SHARD_INDEX $TEST_TOTAL_SHARDS",
      {"--shard", "auto", "--shard-env", "gtest", "--shard-env", "bazel", "--env", "TEST_SHARD_INDEX=0"});
  CHECK(told.out == "2 4 0 4\n");
  CHECK(told.status == 0);
}

TEST_CASE("Bazel learns that the tests are split, and an answer that can't be given is an error") {
  const TempDir directory;
  const auto variables = [&](const std::string& file) {
    return Words{"TEST_SHARD_INDEX=1", "TEST_TOTAL_SHARDS=2", "TEST_SHARD_STATUS_FILE=" + file};
  };
  CHECK(Job(variables(directory / "status")).run_script(kShowPart, {"--shard", "auto"}).out == "2 1 2\n");
  CHECK(std::filesystem::exists(directory / "status"));
  const auto refused = Job(variables(directory / "none/status")).run_script("echo ran", {"--shard", "auto"});
  CHECK(refused.status == 125);
  CHECK(refused.out.empty());
  CHECK_THAT(refused.err, Contains("none/status") && Contains("TEST_SHARD_STATUS_FILE"));
}

TEST_CASE("a part that can't be is refused before anything runs") {
  const RegistryView state;
  CHECK_THAT(state.refusal_of({"--shard", "5/4"}), Contains("there is no shard 5 of 4"));
  CHECK_THAT(state.refusal_of({"--shard", "2"}), Contains("'2' is neither I/N nor auto"));
  CHECK_THAT(state.refusal_of({"--shard-env", "gtest"}), Contains("--shard I/N"));
  CHECK_THAT(state.refusal_of({"--shard", "1/2", "--shard-env", "jest"}), Contains("'jest' is not one of"));
  CHECK_THAT(state.refusal_of({"--shard", "1/2", "--shard-env", "harper"}),
             Contains("overrides the --shard"));
  CHECK_THAT(state.refusal_of({"--shard", "1/2", "--isolation", "none"}), Contains("--shard needs a shard"));
}

}  // namespace nslaunch::test
