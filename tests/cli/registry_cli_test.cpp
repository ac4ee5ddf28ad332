#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <csignal>
#include <fstream>
#include <memory>
#include <regex>

#include "support/identity.hpp"
#include "support/live_shard.hpp"
#include "support/process.hpp"
#include "support/pty.hpp"
#include "support/registry_view.hpp"
#include "sys/check.hpp"

namespace nslaunch::test {
namespace {

/// Its command ends with 0 at a line of input, with 10 on SIGUSR1.
struct Live : LiveShard {
  explicit Live(const RegistryView& registry, Words options = {})
      : LiveShard(registry, std::move(options),
                  "trap 'exit 10' USR1; while ! read line <&3; do :; done 3<&0") {}
};

Result ask(const RegistryView& registry, Words words) {
  return run(nslaunch(std::move(words)), registry.options());
}

TEST_CASE("list shows a live shard in the shape that its reader can use") {
  const RegistryView registry;
  Live live(registry, {"--name", "web"});

  const auto piped = ask(registry, {"list"});
  CHECK(piped.err.empty());
  const std::regex line(live.id + "\tweb\trunning\t[0-9]+s\t2\t[0-9.]+s\t[0-9.]+M\t-\tsh -c .*\n");
  CHECK(std::regex_match(piped.out, line));
  CHECK(ask(registry, {"list", "-q"}).out == live.id + "\n");

  auto options = registry.options();
  PtySession people(nslaunch({"list"}), options, {24, 60});
  people.expect("ID");
  people.expect("COMMAND");
  people.expect(live.id);
  CHECK(people.wait().status == 0);

  live.launcher.write_input("\n");
  CHECK(live.launcher.wait().status == 0);
  CHECK(ask(registry, {"list"}).out.empty());
  CHECK(ask(registry, {"list", "-q"}).out.empty());
  CHECK(ask(registry, {"list", "--json"}).out == "{\"version\":1,\"shards\":[]}\n");
}

TEST_CASE("every subcommand that says something takes --color") {
  const RegistryView state;
  for (const char* subcommand : {"list", "kill", "reap"}) {
    const auto coloured =
        run(nslaunch({subcommand, "--color", "always", "nothing-of-that-name"}), state.options());
    const auto plain = run(nslaunch({subcommand, "--color=never", "nothing-of-that-name"}), state.options());
    CAPTURE(subcommand, coloured.err, plain.err);
    CHECK(coloured.status == 125);
    CHECK_THAT(coloured.err, Catch::Matchers::Contains("\033["));
    CHECK_THAT(plain.err, !Catch::Matchers::Contains("\033[") && Catch::Matchers::Contains("nslaunch: "));
  }
}

TEST_CASE("list --json holds every documented field") {
  const RegistryView registry;
  Live live(registry, {"--name", "a\tname\x01"});
  const auto shards = registry.shards();
  REQUIRE(shards.size() == 1);
  const auto& shard = shards[0];
  CHECK(shard.at("id") == live.id);
  CHECK(shard.at("name") == "a\tname\x01");
  CHECK(shard.at("run_id").is_string());
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
  CHECK_THAT(ask(registry, {"list"}).out, Catch::Matchers::Contains("\t9925,9926 twice!\t"));
}

TEST_CASE("list shows a shard whose init is stopped, without what only that could tell") {
  const RegistryView registry;
  Live live(registry);
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
  Live live(registry, {"--name", "web"});
  Process piped(nslaunch({"list", "--watch"}), registry.options());
  const auto first = piped.read_line();
  CHECK(first.starts_with(live.id + "\tweb\trunning\t"));
  CHECK(piped.read_line().starts_with(live.id));
  piped.send_signal(SIGINT);
  CHECK(piped.wait().signal == SIGINT);
  PtySession people(nslaunch({"list", "--watch"}), registry.options(), {24, 90});
  people.expect("\033[HID");
  people.expect("\033[HID");
  live.launcher.write_input("\n");
  people.expect("\033[Hno shards");
  people.send("\x03");
  CHECK(people.wait().signal == SIGINT);
}

TEST_CASE("kill takes an id, the start of one, and a name") {
  const RegistryView registry;
  Live live(registry, {"--name", "web"});
  const Words words = {live.id, live.id.substr(0, 5), "web"};
  const auto& word = words[static_cast<std::size_t>(GENERATE(0, 1, 2))];
  CHECK(ask(registry, {"kill", word}).status == 0);
  CHECK(live.launcher.wait().signal == SIGTERM);
  CHECK(registry.files() == Words{});
}

TEST_CASE("kill of a shard that is not there suggests one that is, and exits with 125") {
  const RegistryView registry;
  Live live(registry, {"--name", "database"});
  const auto result = ask(registry, {"kill", "databse"});
  INFO(result.err);
  CHECK(result.status == 125);
  CHECK(result.err.find("there is no shard 'databse'") != std::string::npos);
  CHECK(result.err.find("did you mean 'database'?") != std::string::npos);
  CHECK(registry.state(live.id) == "running");
}

TEST_CASE("kill refuses a word that means several shards, and names them") {
  const RegistryView registry;
  Live first(registry, {"--name", "twin"});
  Live second(registry, {"--name", "twin"});
  const auto result = ask(registry, {"kill", "twin"});
  INFO(result.err);
  CHECK(result.status == 125);
  CHECK(result.err.find(first.id) != std::string::npos);
  CHECK(result.err.find(second.id) != std::string::npos);
  CHECK(registry.ids().size() == 2);
}

TEST_CASE("kill --signal reaches the command, and KILL waits until nothing is left") {
  const RegistryView registry;
  Live live(registry);
  SECTION("USR1") {
    CHECK(ask(registry, {"kill", "--signal", "USR1", live.id}).status == 0);
    CHECK(live.launcher.wait().status == 10);
  }
  SECTION("KILL") {
    CHECK(ask(registry, {"kill", "-s", "KILL", live.id}).status == 0);
    CHECK(registry.files() == Words{});
    CHECK(live.launcher.wait().signal == SIGKILL);
  }
  SECTION("no signal at all") {
    CHECK(ask(registry, {"kill", "-s", "NOSUCH", live.id}).status == 125);
    CHECK(registry.state(live.id) == "running");
  }
}

TEST_CASE("kill --all ends every shard of the user's registry") {
  const RegistryView registry;
  Live first(registry);
  Live second(registry);
  CHECK(ask(registry, {"kill", "--all"}).status == 0);
  CHECK(first.launcher.wait().signal == SIGTERM);
  CHECK(second.launcher.wait().signal == SIGTERM);
  CHECK(registry.files() == Words{});
}

TEST_CASE("what a killed launcher leaves in the registry is gone after the next command of nslaunch") {
  const RegistryView registry;
  Live bystander(registry);
  Live victim(registry);
  victim.launcher.send_signal(SIGKILL);
  CHECK(victim.launcher.wait().signal == SIGKILL);
  const auto command = GENERATE(values<Words>({{"reap"}, {"list"}, {"--", "true"}}));
  const auto result = ask(registry, command);
  INFO(command.front() << ": " << result.err);
  CHECK(result.status == 0);
  auto files = registry.files();
  std::sort(files.begin(), files.end());
  CHECK(files == Words{bystander.id + ".shard", bystander.id + ".sock"});
  CHECK(registry.state(bystander.id) == "running");
}

TEST_CASE("damaged, newer and hostile records next to a live one harm nobody") {
  const RegistryView registry;
  Live live(registry);
  const auto write = [&](const std::string& name, const std::string& text) {
    std::ofstream(registry.path() + "/" + name) << text;
  };
  std::ifstream good(registry.path() + "/" + live.id + ".shard");
  const std::string record{std::istreambuf_iterator<char>(good), {}};
  write("00000001.shard", "");
  write("00000002.shard", record.substr(0, record.size() / 2));
  write("00000003.shard", "nslaunch 99 R\nsomething of the future\n");
  write("00000004.shard", std::string(3 << 20, 'x'));
  write("00000005.shard", record);
  write("\x1b]0;owned\a.shard", "?");
  REQUIRE(::symlink("/etc/passwd", (registry.path() + "/00000006.shard").c_str()) == 0);
  REQUIRE(::mkdir((registry.path() + "/00000007.shard").c_str(), 0700) == 0);
  REQUIRE(::mkfifo((registry.path() + "/00000008.shard").c_str(), 0600) == 0);

  const auto clean = ask(registry, {"--", "sh", "-c", "exit 3"});
  CHECK(clean.status == 3);
  CHECK(clean.err.empty());
  for (const Words& words : {Words{"list"}, Words{"list", "--json"}, Words{"reap"}, Words{"list", "-q"}}) {
    const auto result = ask(registry, words);
    INFO(words.front() << ": " << result.out << result.err);
    CHECK((result.status == 0 || words.front() == "reap"));
    CHECK((result.out + result.err).find('\x1b') == std::string::npos);
    if (words.front() == "list") CHECK(result.out.find(live.id) != std::string::npos);
  }
  CHECK(ask(registry, {"kill", "00000005"}).status == 125);
  CHECK(ask(registry, {"kill", "00000003"}).status == 125);
  CHECK(registry.state(live.id) == "running");
  // What is of a later version is not ours to remove.
  CHECK(::access((registry.path() + "/00000003.shard").c_str(), F_OK) == 0);
  CHECK(::access("/etc/passwd", F_OK) == 0);
  live.launcher.write_input("\n");
  CHECK(live.launcher.wait().status == 0);
}

}  // namespace
}  // namespace nslaunch::test
