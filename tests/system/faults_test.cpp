#include <algorithm>
#include <catch2/catch.hpp>
#include <csignal>

#include "shard/wire/steps.hpp"
#include "support/launch_scene.hpp"
#include "support/paused_launch.hpp"
#include "support/process.hpp"
#include "support/skip.hpp"
#include "support/tampered.hpp"

namespace nslaunch::test {
namespace {

using Catch::Matchers::Contains;
using shard::Step;

long lines(const std::string& text) {
  return std::count(text.begin(), text.end(), '\n');
}

}  // namespace

TEST_CASE("why init has given up is heard also where it has ended before it is told to go on") {
  if (::geteuid() != 0) SKIP_TEST("needs root, whose launcher says nothing before that");
  if (!can_tamper()) SKIP_TEST("there is no strace that may trace");
  // Each one's first message is late: the launcher's is "go", init's second is why it gives up.
  const auto ended = run(tampered(Words{"sendmsg:delay_enter=300000:when=1", "mount:error=EIO:when=2+"},
                                  nslaunch({"--", "true"})));
  INFO(ended.err);
  CHECK(ended.status == 125);
  CHECK_THAT(ended.err, Contains("Input/output error"));
}

TEST_CASE("a launch without a fault leaves its mark and nothing else") {
  const LaunchScene scene;
  const auto clean = run(scene.words(), scene.state().options());
  CHECK(clean.status == 0);
  CHECK(clean.err.empty());
  CHECK(scene.command_has_run());
}

TEST_CASE("a step that fails is named, the command has not run and nothing is left") {
  for (const auto& step : shard::steps()) {
    const LaunchScene scene;
    if (!scene.takes(step.step) || step.may_be_missing || step.step == Step::kExec) continue;
    const auto ended = run(scene.words(), scene.options(step, std::to_string(EIO)));
    CAPTURE(step.name, ended.err);
    CHECK(ended.status == 125);
    CHECK(ended.out.empty());
    CHECK_THAT(ended.err, Contains(step.doing) && Contains("Input/output error"));
    CHECK(lines(ended.err) <= 3);
    CHECK_FALSE(scene.command_has_run());
    CHECK(scene.leftovers() == "");
  }
}

TEST_CASE("a command whose exec fails gives 126, has not run and nothing is left") {
  const LaunchScene scene;
  const auto ended = run(scene.words(), scene.options(shard::row(Step::kExec), std::to_string(EIO)));
  CHECK(ended.status == 126);
  CHECK_THAT(ended.err, Contains("running sh: Input/output error"));
  CHECK_FALSE(scene.command_has_run());
  CHECK(scene.leftovers() == "");
}

TEST_CASE("a step that may be missing is a warning, and an error with --require-proc") {
  for (const auto& step : shard::steps()) {
    if (!step.may_be_missing) continue;
    const LaunchScene scene;
    const auto options = scene.options(step, std::to_string(EROFS));
    const auto required = run(scene.words({"--require-proc"}), options);
    CAPTURE(step.name, required.err);
    CHECK(required.status == 125);
    CHECK_THAT(required.err, Contains(step.doing) && Contains("Read-only file system"));
    CHECK_FALSE(scene.command_has_run());
    CHECK(scene.leftovers() == "");

    const auto ended = run(scene.words(), options);
    CAPTURE(ended.err);
    CHECK(ended.status == 0);
    CHECK_THAT(ended.err, Contains(step.doing) && Contains("--require-proc"));
    CHECK(lines(ended.err) == 1);
    CHECK(scene.command_has_run());
  }
}

TEST_CASE("what is missing is missing in NSLAUNCH_ISOLATION too") {
  for (const auto& step : shard::steps()) {
    if (!step.may_be_missing) continue;
    const LaunchScene scene;
    const auto ended =
        run(in_shard("echo ,$NSLAUNCH_ISOLATION,"), scene.options(step, std::to_string(EROFS)));
    CAPTURE(step.name);
    CHECK_THAT(ended.out, Contains(",net,pid,mnt,ipc,") && !Contains(fmt::format(",{},", step.token)));
  }
}

TEST_CASE("a launcher that is killed while its launch stands at any step leaves nothing") {
  for (const auto& step : shard::steps()) {
    const LaunchScene scene;
    if (!scene.takes(step.step)) continue;
    CAPTURE(step.name);
    PausedLaunch launch(scene.words(), scene.options(step, PausedLaunch::kFault));
    REQUIRE(launch.reached());
    launch.process().send_signal(SIGKILL);
    if (step.step == Step::kTie) {
      // Nothing ties init to the launcher yet: it must see by itself, when it goes on, that it is alone.
      launch.resume();
    } else {
      CHECK(launch.gone());
    }
    CHECK(launch.process().wait().signal == SIGKILL);
    CHECK(scene.all_processes_gone());
    for (const auto& listed : scene.state().shards()) CHECK(listed.at("state") == "dead");
    scene.state().reap();
    CHECK(scene.state().shards().empty());
    CHECK_FALSE(scene.command_has_run());
    CHECK(scene.leftovers() == "");
  }
}

TEST_CASE("an init that is killed while its launch stands at any step is an error of its own") {
  for (const auto& step : shard::steps()) {
    const LaunchScene scene;
    if (step.step < Step::kTie || !scene.takes(step.step)) continue;
    CAPTURE(step.name);
    PausedLaunch launch(scene.words(), scene.options(step, PausedLaunch::kFault));
    REQUIRE(launch.reached());
    // Of the scene's processes the launcher's children are the shard's: init is the one.
    for (const pid_t pid : scene.processes()) {
      if (pid != launch.process().pid()) ::kill(pid, SIGKILL);
    }
    const auto ended = launch.process().wait();
    CAPTURE(ended.err);
    CHECK(ended.status == 125);
    CHECK_THAT(ended.err, Contains("init"));
    CHECK(lines(ended.err) <= 3);
    CHECK(launch.gone());
    CHECK_FALSE(scene.command_has_run());
    CHECK(scene.leftovers() == "");
  }
}

}  // namespace nslaunch::test
