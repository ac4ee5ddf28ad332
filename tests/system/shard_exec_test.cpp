#include <nslaunch/shard.hpp>

#include <unistd.h>
#include <nslaunch/error.hpp>
#include <nslaunch/registry.hpp>

#include <catch2/catch.hpp>
#include <csignal>
#include <string>
#include <vector>

#include "support/embedded.hpp"
#include "support/shard_host.hpp"

namespace nslaunch::test {
namespace {

void await_end(ShardProcess& process) {
  while (!process.ended()) {
    pollfd watched = {process.fd(), POLLIN, 0};
    REQUIRE(::poll(&watched, 1, 60'000) == 1);
    process.handle_events();
  }
}

}  // namespace

TEST_CASE("processes are started in a shard, several at once, and each tells of its end") {
  ShardHost host;
  auto waiting = host.exec("exec sleep 1000");
  auto quick = host.exec("echo $SAID $NSLAUNCH_ID; pwd; exit 4");
  CHECK(quick.pid() > 1);
  CHECK(quick.pid() != waiting.pid());
  await_end(quick);
  CHECK(quick.exit_status() == 4);
  CHECK(quick.term_signal() == 0);
  CHECK(host.heard.line() == "here " + host.shard.id());
  CHECK(host.heard.line().value().starts_with("/"));
  CHECK(waiting.signal(SIGTERM));
  await_end(waiting);
  CHECK(waiting.term_signal() == SIGTERM);
  auto in_tmp = host.shard.exec({.command = {"pwd"}, .workdir = "/tmp", .streams = host.streams()});
  await_end(in_tmp);
  CHECK(host.heard.line() == "/tmp");
  CHECK(host.end() == 3);
}

TEST_CASE("a process that can't be started in a shard is an error, and harms it not") {
  ShardHost host;
  CHECK_THROWS_AS(host.shard.exec({.command = {"/there/is/none"}, .streams = host.streams()}), CommandError);
  CHECK_THROWS_AS(host.shard.exec({.command = {"true"}, .workdir = "/there/is/none"}), Error);
  CHECK_THROWS_AS(host.shard.exec({.command = {"true"}, .streams = {.in = 9999}}), Error);
  CHECK(host.end() == 3);
  CHECK(host.shard.outcome().leak_count == 0);
}

TEST_CASE("a process in a shard is hung up on when its handle goes, and ends with the shard") {
  ShardHost host;
  {
    const auto process =
        host.exec("trap 'echo hung up; exit' HUP; echo trapped; while :; do sleep 0.1; done");
    CHECK(host.heard.line() == "trapped");
  }
  CHECK(host.heard.line() == "hung up");
  auto left = host.exec("exec sleep 1000");
  auto moved = std::move(left);
  CHECK(left.ended());
  CHECK(host.end() == 3);
  await_end(moved);
  CHECK(moved.term_signal() == SIGKILL);
  CHECK(host.shard.outcome().leak_count == 0);
}

TEST_CASE("a process's signal for which a stopped init has no room is not lost without a word") {
  ShardHost host;
  auto process = host.exec("exec sleep 1000");
  std::vector<std::string> warnings;
  const auto shards = list_shards_of(::geteuid(), warnings);
  REQUIRE(shards.size() == 1);
  const pid_t init = shards.front().record.init.pid;
  REQUIRE(::kill(init, SIGSTOP) == 0);
  constexpr int kMoreThanThereIsRoomFor = 100'000;
  int taken = 0;
  while (taken < kMoreThanThereIsRoomFor && process.signal(SIGWINCH)) ++taken;
  CHECK(taken < kMoreThanThereIsRoomFor);
  REQUIRE(::kill(init, SIGCONT) == 0);
  pollfd watched = {process.fd(), POLLOUT, 0};
  REQUIRE(::poll(&watched, 1, 60'000) == 1);
  CHECK(process.signal(SIGTERM));
  await_end(process);
  CHECK(process.term_signal() == SIGTERM);
  CHECK(host.end() == 3);
}

TEST_CASE("a process is started in a shard that publishes a port, too") {
  auto spec = shell_spec("echo ready; cat; exit 3");
  spec.publish = {{.port = 0, .shard_port = 9926}};
  ShardHost host(spec);
  auto process = host.exec("exit 4");
  await_end(process);
  CHECK(process.exit_status() == 4);
  CHECK(host.end() == 3);
}

}  // namespace nslaunch::test
