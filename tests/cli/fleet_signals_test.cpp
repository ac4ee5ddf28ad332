#include <algorithm>
#include <catch2/catch.hpp>
#include <csignal>
#include <nlohmann/json.hpp>

#include "support/fleet_scene.hpp"
#include "support/slow_fifo.hpp"
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

TEST_CASE("a signal that comes while a fleet's reports are written costs none of them, nor its status") {
  const FleetScene scene;
  const SlowFifo fifo(scene.directory() + "/report.json");
  const auto junit = scene.directory() + "/report.xml";
  auto fleet =
      scene.start({"--shards", "20", "--report-json", fifo.path(), "--report-junit", junit}, {"pass"});
  fifo.wait_until_written();
  fleet.send_signal(SIGTERM);
  const auto report = fifo.read();
  const auto ended = fleet.wait();
  INFO(ended.err);
  CHECK(ended.status == 0);
  CHECK(nlohmann::json::parse(report)["nslaunch_status"] == 0);
  CHECK_THAT(contents(junit), Contains("shard-20") && Contains("</testsuites>"));
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
