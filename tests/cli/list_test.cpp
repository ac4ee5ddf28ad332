#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <regex>

#include "support/identity.hpp"
#include "support/live_shard.hpp"
#include "support/pty.hpp"
#include "support/write_file.hpp"

namespace nslaunch::test {
namespace {

TEST_CASE("list shows a live shard in the shape that its reader can use") {
  const RegistryView registry;
  LiveShard live(registry, {"--name", "web"});

  const auto piped = registry.ask({"list"});
  CHECK(piped.err.empty());
  const std::regex line(live.id + "\tweb\t1/1\trunning\t[0-9]+s\t2\t[0-9.]+s\t[0-9.]+M\t-\tsh -c .*\n");
  CHECK(std::regex_match(piped.out, line));
  CHECK(registry.ask({"list", "-q"}).out == live.id + "\n");

  auto options = registry.options();
  PtySession people(nslaunch({"list"}), options, {24, 60});
  people.expect("ID");
  people.expect("COMMAND");
  people.expect(live.id);
  CHECK(people.wait().status == 0);

  live.launcher.close_input();
  CHECK(live.launcher.wait().status == 0);
  CHECK(registry.ask({"list"}).out.empty());
  CHECK(registry.ask({"list", "-q"}).out.empty());
  CHECK(registry.ask({"list", "--json"}).out == "{\"version\":1,\"shards\":[]}\n");
}

TEST_CASE("list --json holds every documented field") {
  const RegistryView registry;
  LiveShard live(registry, {"--name", "a\tname\x01"});
  const auto shards = registry.shards();
  REQUIRE(shards.size() == 1);
  const auto& shard = shards[0];
  CHECK(shard.at("id") == live.id);
  CHECK(shard.at("name") == "a\tname\x01");
  CHECK(shard.at("run_id").is_string());
  CHECK(shard.at("shard_index") == 1);
  CHECK(shard.at("shard_total") == 1);
  CHECK(shard.at("state") == "running");
  CHECK(shard.at("foreign") == false);
  CHECK(shard.at("path") == registry.path() + "/" + live.id + ".shard");
  CHECK(shard.at("command").at(0) == "sh");
  CHECK(shard.at("cwd").get<std::string>().starts_with('/'));
  CHECK(shard.at("uid") == ::geteuid());
  CHECK(std::abs(shard.at("started_at").get<std::int64_t>() - ::time(nullptr)) < 600);
  CHECK(shard.at("isolation").get<std::string>().starts_with("net,pid,mnt,ipc"));
  CHECK(shard.at("launcher_pid") == live.launcher.pid());
  CHECK(shard.at("init_pid").get<int>() > 0);
  CHECK(shard.at("processes") == 2);
  CHECK(shard.at("cpu_ms").get<int>() >= 0);
  CHECK(shard.at("rss_bytes").get<int>() > 100'000);
  CHECK(shard.at("ports").empty());
}

TEST_CASE("list shows what listens in a shard, and what two servers of different groups share") {
  const RegistryView registry;
  const auto echo = "setsid " + probe_binary() + " echo 127.0.0.1 ";
  LiveShard live(registry, {"--leaks=ignore"}, echo + "9925 & " + echo + "9926 & " + echo + "9926 & cat");
  for (int up = 0; up < 3; ++up) REQUIRE(live.launcher.read_line() == "up");
  const auto shard = registry.shards().at(0);
  CHECK(shard.at("processes") == 6);
  REQUIRE(shard.at("ports").size() == 3);
  CHECK(shard.at("ports").at(0).dump() == R"({"local":"127.0.0.1:9925","port":9925,"shared":false})");
  CHECK(shard.at("ports").at(1).dump() == R"({"local":"127.0.0.1:9926","port":9926,"shared":true})");
  CHECK_THAT(registry.ask({"list"}).out, Catch::Matchers::Contains("\t9925,9926 twice!\t"));
}

TEST_CASE("list shows a shard whose init is stopped, without what only that could tell") {
  const RegistryView registry;
  LiveShard live(registry);
  const auto init = registry.shards().at(0).at("init_pid").get<pid_t>();
  REQUIRE(::kill(init, SIGSTOP) == 0);
  const auto shard = registry.shards().at(0);
  ::kill(init, SIGCONT);
  CHECK(shard.at("state") == "running");
  CHECK(shard.at("processes") == 2);
  CHECK(shard.at("ports").is_null());
}

TEST_CASE("list --watch shows the shards again and again, in place on a terminal and in lines into a pipe") {
  const RegistryView registry;
  LiveShard live(registry, {"--name", "web"});
  Process piped(nslaunch({"list", "--watch"}), registry.options());
  const auto first = piped.read_line();
  CHECK(first.starts_with(live.id + "\tweb\t1/1\trunning\t"));
  CHECK(piped.read_line().starts_with(live.id));
  piped.send_signal(SIGINT);
  CHECK(piped.wait().signal == SIGINT);
  PtySession people(nslaunch({"list", "--watch"}), registry.options(), {24, 90});
  people.expect("\033[HID");
  people.expect("\033[HID");
  live.launcher.close_input();
  people.expect("\033[Hno shards");
  people.send("\x03");
  CHECK(people.wait().signal == SIGINT);
}

}  // namespace
TEST_CASE(
    "what is no record has no place among the ids of list -q, where a shell would make two words of it") {
  const RegistryView registry;
  const LiveShard live(registry);
  write_file(registry.path() + "/a b", "no record");
  CHECK_THAT(registry.ask({"list"}).out, Catch::Matchers::Contains("a b"));
  CHECK(registry.ask({"list", "-q"}).out == live.id + "\n");
}

}  // namespace nslaunch::test
