#include <catch2/catch.hpp>
#include <csignal>

#include "support/reported_run.hpp"

// An init that is killed, or does not go on, between its command's end and its own.
namespace nslaunch::test {
namespace {

using Catch::Matchers::Contains;

constexpr std::chrono::seconds kBound{40};
const std::string kSleeper = "sleep 1000 & ";

/// A run whose command has ended and has left something running, to which init still leaves time, or whose
/// shard is held.
class Left {
 public:
  Left(const Words& options, const std::string& script, const std::string& state = "stopping")
      : launcher_(run_.words(kSleeper + script, options), run_.options()) {
    REQUIRE(eventually([&] {
      const auto shards = run_.registry.shards();
      if (shards.empty() || shards.at(0).at("state") != state) return false;
      init_ = shards.at(0).at("init_pid").get<pid_t>();
      return true;
    }));
  }

  Result after(int signal_to_init) {
    REQUIRE(::kill(init_, signal_to_init) == 0);
    auto result = launcher_.wait(kBound);
    CHECK(run_.registry.ids().empty());
    return result;
  }
  nlohmann::json report() const { return run_.report(); }

 private:
  ReportedRun run_;
  Process launcher_;
  pid_t init_ = 0;
};

}  // namespace

TEST_CASE("an init that does not go on when its command has ended is killed, and the command's status kept") {
  Left left({"--leak-grace", "4s"}, "exit 6");
  const auto result = left.after(SIGSTOP);
  INFO(result.err);
  CHECK(result.status == 6);
  CHECK_THAT(result.err, Contains("has left running, and does not answer: pid") &&
                             Contains("is stopped by a signal") && Contains("own status kept"));
}

TEST_CASE("a passed command whose init is gone before it could tell of leaks has leaked with --leaks=fail") {
  Left left({"--leak-grace", "1h", "--leaks", "fail"}, "true");
  const auto result = left.after(SIGKILL);
  INFO(result.err);
  CHECK(result.status == 123);
  CHECK_THAT(result.err, Contains("what it left running is unknown") && Contains("123"));
  const auto report = left.report();
  CHECK(report.at("status") == "LEAK");
  CHECK(report.at("nslaunch_status") == 123);
  CHECK(report.at("leaks").is_null());
  CHECK(report.at("leak_count").is_null());
}

TEST_CASE("without --leaks=fail a passed command whose init is gone before it could tell of leaks passes") {
  Left left({"--leak-grace", "1h", "-v"}, "true");
  const auto result = left.after(SIGKILL);
  INFO(result.err);
  CHECK(result.status == 0);
  CHECK_THAT(result.err, Contains("unknown what was left behind"));
  CHECK(left.report().at("status") == "PASS");
  CHECK(left.report().at("leak_count").is_null());
}

TEST_CASE("an init whose shard was held has the time for its look from the hold's end") {
  Left left({"--leak-grace", "0ms", "--hold-on-failure", "5s"}, "exit 6", "held");
  const auto result = left.after(SIGSTOP);
  INFO(result.err);
  CHECK(result.status == 6);
  CHECK_THAT(result.err, Contains("the shard was held for") && Contains("is stopped by a signal"));
  // For the look, and then for an answer.
  CHECK(left.report().at("teardown_us") >= 8'000'000);
}

}  // namespace nslaunch::test
