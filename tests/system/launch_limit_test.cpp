#include <catch2/catch.hpp>
#include <csignal>

#include "shard/wire/steps.hpp"
#include "support/fleet_scene.hpp"
#include "support/launch_scene.hpp"
#include "support/paused_launch.hpp"
#include "support/process.hpp"

namespace nslaunch::test {
namespace {

using Catch::Matchers::Contains;
using shard::Step;

struct StuckLaunch {
  explicit StuckLaunch(Step step = Step::kAnswer, const Words& options = {})
      : launch(scene.words(options), scene.options(shard::row(step), PausedLaunch::kFault)) {
    REQUIRE(launch.reached());
  }
  void check_nothing_is_left() {
    CHECK(launch.gone());
    CHECK_FALSE(scene.command_has_run());
    CHECK(scene.leftovers() == "");
  }

  LaunchScene scene;
  PausedLaunch launch;
};

/// Two shards at once, whose launches both stand still.
struct StuckFleet {
  explicit StuckFleet(const Words& options = {})
      : launch(words(options), scene.options(shard::row(Step::kAnswer), PausedLaunch::kFault)) {
    REQUIRE(eventually([&] { return inits().size() == 2; }));
    REQUIRE(launch.reached());
  }
  Words words(const Words& options) const {
    Words all = {"run", "--shards", "2", "-j", "2"};
    all.insert(all.end(), options.begin(), options.end());
    all.insert(all.end(), {"--", "sh", "-c", "exit 0 # " + mark});
    return nslaunch(all);
  }
  std::vector<pid_t> inits() {
    auto found = find_processes(mark);
    std::erase(found, launch.process().pid());
    return found;
  }

  LaunchScene scene;
  std::string mark = unique_text();
  PausedLaunch launch;
};

}  // namespace

TEST_CASE("a launch that takes longer than --timeout, and than 2 s, ends with 125 and leaves nothing") {
  for (const Step step : {Step::kTie, Step::kNamespaces, Step::kAnswer, Step::kFork}) {
    StuckLaunch stuck(step, {"--timeout", "300ms"});
    const auto ended = stuck.launch.process().wait();
    CAPTURE(shard::row(step).name, ended.err);
    CHECK(ended.status == 125);
    CHECK_THAT(ended.err, Contains("not ready within 2.0s") && Contains("nslaunch -v"));
    stuck.check_nothing_is_left();
  }
}

TEST_CASE("a launch that does not get on ends with 125 by itself") {
  StuckLaunch stuck;
  const auto ended = stuck.launch.process().wait();
  CAPTURE(ended.err);
  CHECK(ended.status == 125);
  CHECK_THAT(ended.err, Contains("not ready within 10.0s"));
  stuck.check_nothing_is_left();
}

TEST_CASE("a signal that ends a program ends a launch, and nslaunch dies of it") {
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGQUIT}) {
    StuckLaunch stuck;
    stuck.launch.process().send_signal(SIGUSR1);  // the command's, once it runs
    stuck.launch.process().send_signal(signal);
    const auto ended = stuck.launch.process().wait();
    CAPTURE(signal, ended.err);
    CHECK(ended.signal == signal);
    CHECK_THAT(ended.err, Contains("before the shard was ready"));
    stuck.check_nothing_is_left();
  }
}

TEST_CASE("a launch ends for no signal that the caller had ignored or that is the command's") {
  const LaunchScene scene;
  auto options = scene.options(shard::row(Step::kAnswer), PausedLaunch::kFault);
  options.prepare = [] { ::signal(SIGHUP, SIG_IGN); };
  const auto script = "trap 'echo USR1; exit 0' USR1; echo up; while :; do sleep 0.01; done";
  PausedLaunch launch(nslaunch({"--", "bash", "-c", script}), options);
  REQUIRE(launch.reached());
  launch.process().send_signal(SIGHUP);
  launch.process().send_signal(SIGUSR2);
  launch.process().send_signal(SIGHUP);
  CHECK(launch.process().pidfd().wait_for_end(std::chrono::milliseconds(300)) == false);
  launch.resume();
  const auto ended = launch.process().wait();
  CHECK(ended.signal == SIGUSR2);  // it was kept for the command, which does not handle it
  CHECK(ended.err.empty());
}

/// As the terminal sends it, to all of the launcher's group.
TEST_CASE("a Ctrl-Z in the middle of a launch leaves no command stopped before its exec") {
  const LaunchScene scene;
  const auto mark = unique_text();
  PausedLaunch launch(nslaunch({"run", "--shards", "1", "--", "sh", "-c", "exit 0 # " + mark}),
                      scene.options(shard::row(Step::kPlace), PausedLaunch::kFault));
  REQUIRE(launch.reached());
  for (const pid_t pid : find_processes(mark)) {
    if (pid != launch.process().pid()) REQUIRE(::kill(pid, SIGTSTP) == 0);
  }
  launch.resume();
  const auto ended = launch.process().wait();
  CAPTURE(ended.err);
  CHECK(ended.status == 0);
}

TEST_CASE("a fleet whose launches do not get on hears Ctrl-C") {
  StuckFleet stuck({"--grace", "100ms"});
  stuck.launch.process().send_signal(SIGINT);
  const auto ended = stuck.launch.process().wait();
  CAPTURE(ended.err);
  CHECK(ended.signal == SIGINT);
  CHECK(stuck.inits().empty());
  CHECK(stuck.scene.leftovers() == "");
}

TEST_CASE("a launch that does not get on is an error of its shard, and the others run") {
  StuckFleet stuck({"--timeout", "9s"});
  REQUIRE(::kill(stuck.inits().front(), SIGSTOP) == 0);
  stuck.launch.resume();
  const auto ended = stuck.launch.process().wait();
  CAPTURE(ended.err);
  CHECK(ended.status == 125);
  CHECK_THAT(ended.err, Contains("not ready within 9.0s") && Contains("PASS shard-"));
  CHECK(stuck.inits().empty());
  CHECK(stuck.scene.leftovers() == "");
}

}  // namespace nslaunch::test
