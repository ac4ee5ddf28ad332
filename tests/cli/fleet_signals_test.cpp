#include <algorithm>
#include <catch2/catch.hpp>
#include <csignal>

#include "support/fleet_scene.hpp"
#include "support/paused_launch.hpp"
#include "sys/process/pidfd.hpp"
#include "sys/process/procfs.hpp"

namespace nslaunch::test {
namespace {

using Catch::Matchers::Contains;

/// A fleet of two whose shards have begun: one obeys, one is deaf.
struct Begun {
  explicit Begun(Words options = {}) : fleet(start(std::move(options))) {
    arrived.told();
    arrived.told();
  }
  Process start(Words options) {
    options.insert(options.end(), {"-j", "2"});
    return scene.start(std::move(options),
                       {"tell arrived; hang " + mark, "deaf; tell arrived; hang " + mark, "say never"});
  }

  FleetScene scene;
  std::string mark = unique_text();
  Gate arrived = scene.gate("arrived");
  Process fleet;
};

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

TEST_CASE("Ctrl-C or SIGTERM ends all shards, kills the deaf after the grace, and tells what was") {
  const int signal = GENERATE(SIGINT, SIGTERM, SIGHUP, SIGQUIT);
  Begun begun({"--grace", "200ms"});
  begun.fleet.send_signal(signal);
  const auto ended = begun.fleet.wait();
  INFO(ended.err);
  CHECK(ended.signal == signal);
  CHECK(ended.out.empty());
  CHECK(statuses_in(ended.err) ==
        std::map<std::string, std::string>{{"shard-1", "CANCELLED"}, {"shard-2", "CANCELLED"}});
  CHECK_THAT(ended.err, Contains("ending all shards, and killing them in 200ms; once more kills them now"));
  CHECK_THAT(last_line_of(ended.err), Contains("3 CANCELLED in "));
  CHECK(all_gone(begun.mark));
  CHECK(begun.scene.registry().files() == Words{});
}

TEST_CASE("the second signal kills at once") {
  Begun begun({"--grace", "1h"});
  begun.fleet.send_signal(SIGINT);
  CHECK(eventually([&] { return begun.scene.registry().shards().size() == 1; }));
  begun.fleet.send_signal(SIGTERM);
  const auto ended = begun.fleet.wait();
  INFO(ended.err);
  CHECK(ended.signal == SIGTERM);
  CHECK_THAT(ended.err, Contains("killing all shards"));
  CHECK(all_gone(begun.mark));
  CHECK(begun.scene.registry().files() == Words{});
}

TEST_CASE("what has ended before a signal keeps its word, and its command to run it again") {
  const FleetScene scene;
  auto arrived = scene.gate("arrived");
  auto running = scene.start({"-j", "1"}, {"fail 3", "tell arrived; hang"});
  arrived.told();
  running.send_signal(SIGINT);
  const auto ended = running.wait();
  INFO(ended.err);
  CHECK(ended.signal == SIGINT);
  CHECK_THAT(ended.err, Contains("again: nslaunch run --shard 1/2 -- "));
  CHECK_THAT(last_line_of(ended.err), Contains("1 CANCELLED, 1 FAIL in ") && Contains("; interrupted"));
}

TEST_CASE("a signal ends a fleet of a hundred thousand shards as well") {
  const FleetScene scene;
  auto arrived = scene.gate("arrived");
  auto running = scene.start({"-j", "1", "--shards", "100000"}, {"tell arrived; hang"});
  arrived.told();
  running.send_signal(SIGINT);
  const auto ended = running.wait();
  CHECK(ended.signal == SIGINT);
  CHECK_THAT(last_line_of(ended.err), Contains(": 100000 CANCELLED in ") && Contains("; interrupted"));
}

TEST_CASE("a signal that the caller ignores ends no fleet") {
  const FleetScene scene;
  auto arrived = scene.gate("arrived");
  auto gate = scene.gate("gate");
  auto start = scene.options();
  start.prepare = [] { std::signal(SIGHUP, SIG_IGN); };
  Process running(scene.words({}, {"tell arrived; await gate"}), start);
  arrived.told();
  running.send_signal(SIGHUP);
  gate.open(1);
  CHECK(running.wait().status == 0);
}

TEST_CASE("other signals reach every command") {
  const FleetScene scene;
  auto arrived = scene.gate("arrived");
  Process running(
      nslaunch({"run", "--shards", "2", "-j", "2", "--", "bash", "-c",
                "trap 'echo got $0; exit 0' USR1; echo >arrived; while :; do read -t 0.01; done", "{index}"}),
      scene.options());
  arrived.told();
  arrived.told();
  running.send_signal(SIGUSR1);
  const auto ended = running.wait();
  CHECK(ended.status == 0);
  CHECK_THAT(ended.out, Contains("got 1\n") && Contains("got 2\n"));
}

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

TEST_CASE(
    "a fleet whose shards have ended sleeps till its output is read, also when whoever started it has "
    "ended") {
  const FleetScene scene;
  auto output = sys::make_pipe();
  auto options = scene.options();
  options.prepare = [&] { ::dup2(output.write.get(), 9); };
  Words words = {"bash", "-c", "\"$@\" 2>&1 >&9 9>&- & echo $!; exec 9>&-; read -r line", "-"};
  for (const auto& word : nslaunch({"run", "--shards", "1", "--", "head", "-c", "500000", "/dev/zero"}))
    words.push_back(word);
  Process shell(words, options);
  output.write.reset();
  const pid_t launcher = std::stoi(shell.read_line());
  const auto pidfd = sys::Pidfd::open(launcher);
  REQUIRE(pidfd);
  while (shell.read_line().find("PASS shard-1") == std::string::npos) continue;
  shell.write_input("end\n");
  REQUIRE(shell.pidfd().wait_for_end(std::chrono::seconds{20}));
  const auto sleeps = [&] {
    const auto stat = sys::read_stat(launcher);
    return stat && stat->state == 'S';
  };
  CHECK(eventually(sleeps));
  std::string read;
  char chunk[65536];
  for (ssize_t size = 0; (size = ::read(output.read.get(), chunk, sizeof chunk)) > 0;)
    read.append(chunk, static_cast<std::size_t>(size));
  CHECK(read.size() >= 500000);
  CHECK(pidfd->wait_for_end(std::chrono::seconds{20}));
}

TEST_CASE("a fleet ends when whoever started it does") {
  const FleetScene scene;
  auto arrived = scene.gate("arrived");
  const auto mark = unique_text();
  auto words = scene.words({"-j", "2"}, Words(2, "tell arrived; hang " + mark));
  words.insert(words.begin(), {"bash", "-c", "\"$@\"; :", "-"});
  Process shell(words, scene.options());
  arrived.told();
  arrived.told();
  shell.send_signal(SIGKILL);
  CHECK(all_gone(mark));
  CHECK(eventually([&] { return scene.registry().files().empty(); }));
}

TEST_CASE("a launcher of many that is SIGKILLed leaves no process, and no record after the next command") {
  const FleetScene scene;
  auto arrived = scene.gate("arrived");
  const auto mark = unique_text();
  auto running = scene.start({"-j", "20"}, Words(20, "leak; tell arrived; deaf; hang " + mark));
  for (int shard = 0; shard < 20; ++shard) arrived.told();
  running.send_signal(SIGKILL);
  CHECK(running.wait().signal == SIGKILL);
  CHECK(all_gone(mark));
  scene.registry().reap();
  CHECK(scene.registry().files() == Words{});
}

}  // namespace nslaunch::test
