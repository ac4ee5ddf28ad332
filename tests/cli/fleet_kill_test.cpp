#include <catch2/catch.hpp>
#include <csignal>

#include "inspect/snapshot/descriptors.hpp"
#include "support/fleet_scene.hpp"
#include "support/forwarded.hpp"
#include "support/identity.hpp"
#include "support/listeners.hpp"
#include "support/write_file.hpp"
#include "sys/process/procfs.hpp"

namespace nslaunch::test {
namespace {

using Catch::Matchers::Contains;

using Statuses = std::map<std::string, std::string>;

/// A fleet whose shards do as they are told once they have all begun.
struct Many {
  Many(Words options, const Words& scripts) : fleet(start(std::move(options), scripts)) {
    for (std::size_t shard = 0; shard < scripts.size(); ++shard) arrived.told();
    for (std::size_t shard = 1; shard <= scripts.size(); ++shard) {
      const auto name = "shard-" + std::to_string(shard);
      REQUIRE(eventually([&] { return !(ids[name] = scene.id_of(name)).empty(); }));
    }
  }
  Process start(Words options, const Words& scripts) {
    options.insert(options.end(), {"-j", std::to_string(scripts.size())});
    return scene.start(std::move(options), scripts);
  }
  const std::string& id(int shard) { return ids["shard-" + std::to_string(shard)]; }
  Result ask(Words words) const { return scene.registry().ask(std::move(words)); }

  FleetScene scene;
  Gate arrived = scene.gate("arrived");
  Gate gate = scene.gate("gate");
  std::map<std::string, std::string> ids;
  Process fleet;
};

/// Of the processes with this as an argument of their own. The launcher has it in braces.
bool any_is_stopped(const std::string& mark) {
  for (const pid_t pid : find_processes(mark)) {
    const auto stat = sys::read_stat(pid);
    if (stat && stat->state == 'T') return true;
  }
  return false;
}

/// `wait` knows its shards once it has one for each, whatever happens then; to find them it opens one at a
/// time.
std::size_t pidfds_of(const Process& process) {
  std::size_t count = 0;
  inspect::for_each_descriptor(process.pid(), [&](int, const std::string& target) {
    if (target.find("pidfd") != std::string::npos) ++count;
  });
  return count;
}

}  // namespace

TEST_CASE("kill of one of several shards ends that one alone, which is KILLED") {
  Many many({}, {"tell arrived; await gate", "tell arrived; hang", "tell arrived; await gate"});
  CHECK(many.ask({"kill", many.id(2)}).status == 0);
  CHECK(eventually([&] { return many.scene.registry().shards().size() == 2; }));
  many.gate.open(2);
  const auto ended = many.fleet.wait();
  INFO(ended.err);
  CHECK(statuses_in(ended.err) == Statuses{{"shard-1", "PASS"}, {"shard-2", "KILLED"}, {"shard-3", "PASS"}});
  CHECK(ended.status == 1);
}

TEST_CASE("a shard that fails when kill has told it to end is KILLED, too") {
  const FleetScene scene;
  auto arrived = scene.gate("arrived");
  Process running(nslaunch({"run", "--shards", "1", "--", "bash", "-c",
                            "trap 'exit 143' TERM; echo >arrived; while :; do read -t 0.01; done"}),
                  scene.options());
  arrived.told();
  std::string id;
  REQUIRE(eventually([&] { return !(id = scene.id_of("shard-1")).empty(); }));
  CHECK(scene.registry().ask({"kill", id}).status == 0);
  const auto ended = running.wait();
  INFO(ended.err);
  CHECK(statuses_in(ended.err) == Statuses{{"shard-1", "KILLED"}});
}

TEST_CASE("kill --signal KILL of one of several kills its init, and not the launcher") {
  Many many({}, {"tell arrived; await gate", "tell arrived; deaf; hang"});
  CHECK(many.ask({"kill", "--signal", "KILL", many.id(2)}).status == 0);
  CHECK(eventually([&] { return many.scene.registry().shards().size() == 1; }));
  many.gate.open(1);
  const auto ended = many.fleet.wait();
  INFO(ended.err);
  CHECK(statuses_in(ended.err) == Statuses{{"shard-1", "PASS"}, {"shard-2", "KILLED"}});
  CHECK(ended.status == 1);
  CHECK(many.scene.registry().files() == Words{});
}

TEST_CASE("kill --grace of one of several waits for its end, and kills what is deaf") {
  Many many({"--grace", "1h"},
            {"tell arrived; await gate", "deaf; tell arrived; hang", "tell arrived; hang"});
  const auto obeyed = many.ask({"kill", "--grace", "1h", many.id(3)});
  CHECK(obeyed.status == 0);
  CHECK(obeyed.err.empty());
  const auto killed = many.ask({"kill", "--grace", "100ms", many.id(2)});
  INFO(killed.err);
  CHECK(killed.status == 0);
  CHECK_THAT(killed.err, Contains("has not ended in time: killing it"));
  many.gate.open(1);
  CHECK(statuses_in(many.fleet.wait().err) ==
        Statuses{{"shard-1", "PASS"}, {"shard-2", "KILLED"}, {"shard-3", "KILLED"}});
}

TEST_CASE("SIGTERM by kill starts the grace of that shard") {
  Many many({"--grace", "100ms"}, {"tell arrived; await gate", "deaf; tell arrived; hang"});
  CHECK(many.ask({"kill", many.id(2)}).status == 0);
  CHECK(eventually([&] { return many.scene.registry().shards().size() == 1; }));
  many.gate.open(1);
  CHECK(statuses_in(many.fleet.wait().err) == Statuses{{"shard-1", "PASS"}, {"shard-2", "KILLED"}});
}

TEST_CASE("of many signals to one launcher's shards none gets lost") {
  Many many({}, Words(12, "tell arrived; hang"));
  Words words{"kill"};
  for (int shard = 1; shard <= 12; ++shard) words.push_back(many.id(shard));
  many.fleet.send_signal(SIGSTOP);  // so that they all wait at once
  CHECK(many.ask(words).status == 0);
  many.fleet.send_signal(SIGCONT);
  const auto ended = many.fleet.wait();
  INFO(ended.err);
  CHECK_THAT(last_line_of(ended.err), Contains("12 KILLED in "));
  CHECK(ended.status == 1);
}

TEST_CASE("kill --all ends every shard of a fleet") {
  Many many({}, Words(3, "tell arrived; hang"));
  CHECK(many.ask({"kill", "--all", "--grace", "1h"}).status == 0);
  const auto ended = many.fleet.wait();
  INFO(ended.err);
  CHECK_THAT(last_line_of(ended.err), Contains("3 KILLED in "));
}

TEST_CASE("a signal for one of several that would stop all is refused") {
  Many many({}, Words(2, "tell arrived; await gate"));
  const auto refused = many.ask({"kill", "--signal", "STOP", many.id(1)});
  CHECK(refused.status == 125);
  CHECK_THAT(refused.err, Contains("SIGSTOP would stop all shards"));
  many.gate.open(2);
  CHECK(many.fleet.wait().status == 0);
}

TEST_CASE("kill --signal TSTP stops one shard, CONT continues it, and the launcher and the others run on") {
  const FleetScene scene;
  auto arrived = scene.gate("arrived");
  auto told = scene.gate("told");
  const auto mark = unique_text();
  Process running(nslaunch({"run", "--shards", "2", "-j", "2", "--", "bash", "-c",
                            "trap 'echo >told' CONT; echo >arrived; while [ ! -e go ]; do sleep 0.01; done",
                            mark + "{index}"}),
                  scene.options());
  arrived.told();
  arrived.told();
  std::string id;
  REQUIRE(eventually([&] { return !(id = scene.id_of("shard-1")).empty(); }));
  CHECK(scene.registry().ask({"kill", "--signal", "TSTP", id}).status == 0);
  CHECK(eventually([&] { return any_is_stopped(mark + "1"); }));
  CHECK_FALSE(any_is_stopped(mark + "2"));
  CHECK(scene.registry().ask({"kill", "--signal", "CONT", id}).status == 0);
  CHECK(told.told().empty());
  write_file(scene.directory() + "/go", "");
  CHECK(running.wait().status == 0);
}

TEST_CASE("exec, inspect, ports and wait work on one of several shards") {
  Many many({}, Words(3, "tell arrived; await gate"));
  const auto inside = many.ask(
      {"exec", many.id(2), "--", "sh", "-c", "echo $NSLAUNCH_SHARD_INDEX; ls /proc | grep -c '^[0-9]'"});
  INFO(inside.err);
  CHECK(inside.status == 0);
  CHECK_THAT(inside.out, Catch::Matchers::StartsWith("2\n"));
  CHECK_THAT(many.ask({"inspect", many.id(1)}).out, Contains("shard-1"));
  CHECK(many.ask({"ports", many.id(1)}).status == 0);
  CHECK(many.ask({"wait", "--timeout", "50ms", many.id(1)}).status == 124);
  Process waits(nslaunch({"wait", many.id(1), many.id(2)}), many.scene.registry().options());
  REQUIRE(eventually([&] { return pidfds_of(waits) == 2; }));
  CHECK(many.ask({"kill", many.id(1), many.id(2)}).status == 0);
  CHECK(waits.wait().status == 0);
  CHECK_FALSE(many.fleet.pidfd().has_ended());
  many.gate.open(1);
  CHECK(many.fleet.wait().status == 1);
}

TEST_CASE("port-forward reaches the server of one of several shards") {
  const FleetScene scene;
  auto arrived = scene.gate("arrived");
  Process running(
      nslaunch({"run", "--shards", "2", "-j", "2", "--", "bash", "-c",
                "exec 3< <(exec \"$0\" echo 127.0.0.1 9926); read up <&3; echo >arrived; sleep infinity",
                probe_binary()}),
      scene.options());
  arrived.told();
  arrived.told();
  std::string id;
  REQUIRE(eventually([&] { return !(id = scene.id_of("shard-2")).empty(); }));
  Process forward(nslaunch({"port-forward", id, "0:9926"}), scene.registry().options());
  const auto connection = connect_tcp("127.0.0.1", outer_port(forward.read_line()));
  CHECK(connection);
  running.send_signal(SIGTERM);
  CHECK(running.wait().signal == SIGTERM);
}

}  // namespace nslaunch::test
