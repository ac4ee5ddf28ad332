#include <nslaunch/client.hpp>

#include <unistd.h>
#include <nslaunch/error.hpp>

#include <catch2/catch.hpp>
#include <csignal>
#include <stdexcept>
#include <thread>

#include "support/clients.hpp"
#include "support/identity.hpp"
#include "support/listeners.hpp"
#include "support/shard_host.hpp"

namespace nslaunch::test {
namespace {

ShardEntry entry_of(const ShardHost&) {
  std::vector<std::string> warnings;
  const auto shards = list_shards_of(::geteuid(), warnings);
  REQUIRE(shards.size() == 1);
  return shards.front();
}

ShardCommand script(const std::string& text) {
  return {.command = {"sh", "-c", text}, .variables = {"SAID=here"}};
}

}  // namespace

TEST_CASE("a program runs a command in a shard of the registry, and learns how it ended") {
  ShardHost host;
  const auto shard = entry_of(host);
  CHECK_FALSE(exec_user(shard));
  const auto ended = exec_in_shard(
      shard, script("[ $SAID = here ] && [ $NSLAUNCH_ID = " + host.shard.id() + " ] && exit 7"));
  CHECK(ended.exit_status == 7);
  CHECK(ended.term_signal == 0);
  const auto killed = exec_in_shard(shard, script("kill -KILL $$"));
  CHECK(killed.term_signal == SIGKILL);
  CHECK_FALSE(killed.shard_ended);
  auto elsewhere = script("[ \"$(pwd)\" = /tmp ]");
  elsewhere.workdir = "/tmp";
  CHECK(exec_in_shard(shard, elsewhere).exit_status == 0);
  CHECK_THROWS_AS(exec_in_shard(shard, {.command = {"/there/is/none"}}), CommandError);
  CHECK(host.end() == 3);
  CHECK_THROWS_AS(exec_in_shard(shard, script("true")), Error);
}

TEST_CASE("a program that runs a command in a shard is told when that shard ends first") {
  ShardHost host;
  const auto ended = exec_in_shard(entry_of(host), script("kill -KILL -1; exec sleep 1000"));
  CHECK(ended.shard_ended);
  CHECK(ended.term_signal == SIGKILL);
  host.end();
}

TEST_CASE("a program forwards a host port into a shard until that ends, or its own callback throws") {
  auto spec = shell_spec("(" + probe_binary() + " echo 127.0.0.1 9926 | sed -u s/up/ready/) & cat; exit 3");
  spec.leaks = LeakPolicy::kIgnore;
  ShardHost host(spec);
  const auto shard = entry_of(host);
  const auto refuse = [](const std::vector<PublishedPort>&) { throw std::runtime_error("no"); };
  CHECK_THROWS_WITH(forward_ports(shard, {{.port = 0, .shard_port = 9926}}, "127.0.0.1", refuse), "no");
  pid_t client = 0;
  forward_ports(shard, {{.port = 0, .shard_port = 9926}}, "127.0.0.1", [&](const auto& ports) {
    client = ::fork();
    if (client == 0)
      ::_exit(answer_to(connect_tcp("127.0.0.1", ports.front().port), "hello") == "hello" ? 0 : 1);
    host.input.write.reset();  // the client has it until its end, and with it ends the command
  });
  CHECK(await_exit(client) == 0);
  CHECK(host.end() == 3);
}

TEST_CASE("a program with several threads can't be a shard's client") {
  ShardHost host;
  const auto shard = entry_of(host);
  std::thread other([&] {
    CHECK_THROWS_AS(exec_in_shard(shard, script("true")), UsageError);
    CHECK_THROWS_AS(forward_ports(shard, {}, "127.0.0.1", {}), UsageError);
  });
  other.join();
  CHECK(host.end() == 3);
}

}  // namespace nslaunch::test
