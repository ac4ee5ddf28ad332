#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <csignal>
#include <fstream>
#include <memory>

#include "support/identity.hpp"
#include "support/live_shard.hpp"
#include "support/process.hpp"
#include "support/registry_view.hpp"
#include "sys/base/check.hpp"

namespace nslaunch::test {
namespace {

/// Its command ends with 0 at a line of input, with 10 on SIGUSR1.
struct Live : LiveShard {
  explicit Live(const RegistryView& registry, Words options = {})
      : LiveShard(registry, std::move(options), "while ! read line <&3; do :; done 3<&0",
                  "trap 'exit 10' USR1") {}
};

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

TEST_CASE("kill takes an id, the start of one, and a name") {
  const RegistryView registry;
  Live live(registry, {"--name", "web"});
  const Words words = {live.id, live.id.substr(0, 5), "web"};
  const auto& word = words[static_cast<std::size_t>(GENERATE(0, 1, 2))];
  CHECK(registry.ask({"kill", word}).status == 0);
  CHECK(live.launcher.wait().signal == SIGTERM);
  CHECK(registry.files() == Words{});
}

TEST_CASE("kill of a shard that is not there suggests one that is, and exits with 125") {
  const RegistryView registry;
  Live live(registry, {"--name", "database"});
  const auto result = registry.ask({"kill", "databse"});
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
  const auto result = registry.ask({"kill", "twin"});
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
    CHECK(registry.ask({"kill", "--signal", "USR1", live.id}).status == 0);
    CHECK(live.launcher.wait().status == 10);
  }
  SECTION("KILL") {
    CHECK(registry.ask({"kill", "-s", "KILL", live.id}).status == 0);
    CHECK(registry.files() == Words{});
    CHECK(live.launcher.wait().signal == SIGKILL);
  }
  SECTION("no signal at all") {
    CHECK(registry.ask({"kill", "-s", "NOSUCH", live.id}).status == 125);
    CHECK(registry.state(live.id) == "running");
  }
}

TEST_CASE("kill --grace waits for the end, and kills what does not end in time") {
  const RegistryView registry;
  LiveShard obeys(registry);
  CHECK(registry.ask({"kill", "--grace", "1h", obeys.id}).status == 0);
  CHECK(obeys.launcher.pidfd().has_ended());
  CHECK(registry.files() == Words{});
  LiveShard stubborn(registry, {"--grace", "1h"}, "while :; do sleep 0.01; done", "trap '' TERM");
  const auto killed = registry.ask({"kill", "--grace", "100ms", stubborn.id});
  CHECK(killed.status == 0);
  CHECK(killed.err == "nslaunch: shard " + stubborn.id + " has not ended in time: killing it\n");
  CHECK(stubborn.launcher.wait().signal == SIGKILL);
  CHECK(registry.files() == Words{});
}

TEST_CASE("kill --all ends every shard of the user's registry") {
  const RegistryView registry;
  Live first(registry);
  Live second(registry);
  CHECK(registry.ask({"kill", "--all"}).status == 0);
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
  INFO(command.front());
  // A launch sweeps for 5 ms at most: on a busy machine it may take the next one, too.
  CHECK(eventually([&] {
    CHECK(registry.ask(command).status == 0);
    auto files = registry.files();
    std::sort(files.begin(), files.end());
    return files == Words{bystander.id + ".shard", bystander.id + ".sock"};
  }));
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

  const auto clean = registry.ask({"--", "sh", "-c", "exit 3"});
  CHECK(clean.status == 3);
  CHECK(clean.err.empty());
  for (const Words& words : {Words{"list"}, Words{"list", "--json"}, Words{"reap"}, Words{"list", "-q"}}) {
    const auto result = registry.ask(words);
    INFO(words.front() << ": " << result.out << result.err);
    CHECK((result.status == 0 || words.front() == "reap"));
    CHECK((result.out + result.err).find('\x1b') == std::string::npos);
    if (words.front() == "list") CHECK(result.out.find(live.id) != std::string::npos);
  }
  CHECK(registry.ask({"kill", "00000005"}).status == 125);
  CHECK(registry.ask({"kill", "00000003"}).status == 125);
  CHECK(registry.state(live.id) == "running");
  // What is of a later version is not ours to remove.
  CHECK(::access((registry.path() + "/00000003.shard").c_str(), F_OK) == 0);
  CHECK(::access("/etc/passwd", F_OK) == 0);
  live.launcher.write_input("\n");
  CHECK(live.launcher.wait().status == 0);
}

}  // namespace
}  // namespace nslaunch::test
