#include <catch2/catch.hpp>
#include <chrono>
#include <csignal>

#include "support/fleet_scene.hpp"
#include "support/paused_launch.hpp"
#include "sys/process/pidfd.hpp"
#include "sys/process/procfs.hpp"

// A fleet that is stopped, or whose commands are, and goes on.
namespace nslaunch::test {
namespace {

/// `nslaunch run` as a job with a group of its own in a script's session: an orphaned one would not stop. Its
/// pid is shown first, then its status when it stops, and its last one when the script is told to go on.
/// Bash continues it itself: otherwise it may not have heard of that, and wait would tell of the stop.
Words as_job(const Words& words) {
  Words all = {"bash",
               "-c",
               "set -m; sh -c 'echo $$; exec \"$@\"' - \"$@\"; echo status $?; job=$(jobs -p); read -r line; "
               "bg >/dev/null; wait \"$job\"; echo ended $?",
               "-",
               nslaunch({}).front(),
               "run"};
  all.insert(all.end(), words.begin(), words.end());
  return all;
}

/// A stopped fleet, with limits of 5 s, by as_job()'s script.
void continue_after_limits(Process& shell, pid_t launcher) {
  // That nothing happens meanwhile is no event.
  const auto pidfd = sys::Pidfd::open(launcher);
  REQUIRE(pidfd);
  CHECK_FALSE(pidfd->wait_for_end(std::chrono::milliseconds{5200}));
  shell.write_input("go on\n");
}

}  // namespace

TEST_CASE("SIGTSTP stops nslaunch, its shards and their deadlines, and SIGCONT continues them") {
  const FleetScene scene;
  auto arrived = scene.gate("arrived");
  auto told = scene.gate("told");
  Process shell(
      as_job({"--shards", "1", "--timeout", "5s", "--total-timeout", "5s", "--slow", "5s", "--", "bash", "-c",
              "trap 'echo >told; exit 0' CONT; echo >arrived; while :; do read -t 0.01; done"}),
      scene.options());
  const pid_t launcher = std::stoi(shell.read_line());
  arrived.told();
  ::kill(launcher, SIGTSTP);
  REQUIRE(shell.read_line() == "status 148");
  continue_after_limits(shell, launcher);
  CHECK(told.told().empty());
  const auto ended = shell.wait();
  INFO(ended.err);
  CHECK(ended.out == "ended 0\n");
  CHECK(statuses_in(ended.err) == std::map<std::string, std::string>{{"shard-1", "PASS"}});
}

TEST_CASE("SIGCONT continues a fleet's command that has stopped itself") {
  const FleetScene scene;
  const auto mark = unique_text();
  Process running(nslaunch({"run", "--shards", "1", "--", "sh", "-c", "kill -STOP $$; exit 7", mark}),
                  scene.options());
  REQUIRE(eventually([&] { return is_stopped(mark); }));
  running.send_signal(SIGCONT);
  const auto ended = running.wait();
  INFO(ended.err);
  CHECK(statuses_in(ended.err) == std::map<std::string, std::string>{{"shard-1", "FAIL"}});
}

TEST_CASE("SIGCONT to a fleet's launcher continues what a SIGSTOP to its whole group has stopped") {
  const FleetScene scene;
  auto arrived = scene.gate("arrived");
  auto gate = scene.gate("gate");
  auto running = scene.start({"-j", "1"}, {"tell arrived; await gate"});  // it leads a group
  arrived.told();
  const pid_t init = scene.registry().shards().at(0).at("init_pid").get<pid_t>();
  ::kill(-running.pid(), SIGSTOP);
  const auto is_in_state = [](pid_t pid, bool stopped) {
    const auto stat = sys::read_stat(pid);
    return stat && (stat->state == 'T') == stopped;
  };
  REQUIRE(eventually([&] { return is_in_state(running.pid(), true) && is_in_state(init, true); }));
  running.send_signal(SIGCONT);
  CHECK(eventually([&] { return is_in_state(init, false); }));
  gate.open(1);
  CHECK(running.wait().status == 0);
}

TEST_CASE("the time in which a fleet is stopped does not count in a launch either") {
  const FleetScene scene;
  PausedLaunch launch(as_job({"--shards", "1", "--timeout", "5s", "--", "true"}), scene.options(), "exec");
  const pid_t launcher = std::stoi(launch.process().read_line());
  REQUIRE(launch.reached());
  ::kill(launcher, SIGTSTP);
  REQUIRE(launch.process().read_line() == "status 148");
  continue_after_limits(launch.process(), launcher);
  launch.resume();
  const auto ended = launch.process().wait();
  INFO(ended.err);
  CHECK(ended.out == "ended 0\n");
}

}  // namespace nslaunch::test
