#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "support/holder.hpp"
#include "support/hostile.hpp"
#include "support/identity.hpp"
#include "support/live_shard.hpp"
#include "sys/base/check.hpp"

// A process that keeps the lock on its own memory for ever: whoever reads its command line waits.
namespace nslaunch::test {
namespace {

using Catch::Matchers::Contains;
using Json = nlohmann::json;

constexpr std::chrono::seconds kBound{20};
constexpr auto kWithoutLine = "[nslaunch_probe] (its command line can't be read: ";

void check_launch(const Words& options) {
  const Holder holder;  // first: a test that is skipped leaves no directory
  const RegistryView registry;
  const auto mark = unique_text();
  const auto script = "exec 3< <(" + holder.command() + "); read held <&3; echo $held; " + probe_binary() +
                      " swarm 1 " + mark + "; exit 6";
  Words words = options;
  words.insert(words.end(), {"--", "bash", "-c", script});
  Process launcher(nslaunch(words), registry.options());
  const auto result = launcher.wait(kBound);
  INFO(result.err);
  CHECK(result.status == 6);
  CHECK(Holder::is_held(result.out));
  CHECK_THAT(result.err, Contains(kWithoutLine) && Contains("listening on 127.0.0.1:9926"));
  CHECK_THAT(result.err, Contains("swarm 1 " + mark));
  CHECK(registry.ids().empty());
}

std::string seen(const RegistryView& registry, const Words& words) {
  Process look(nslaunch(words), registry.options());
  const auto result = look.wait(kBound);
  INFO(words.front() << result.err);
  CHECK(result.status == 0);
  return result.out;
}

}  // namespace

TEST_CASE("a process that lets nobody read its command line is named at the end, and holds up no launch") {
  check_launch({});
}

TEST_CASE("a user's process that lets nobody read its command line holds up no launch of root's") {
  const Hostile user;
  check_launch(user.words({}));
}

TEST_CASE("a process that lets nobody read its command line is shown by whatever looks at its shard") {
  const Holder holder;  // first: a test that is skipped leaves no directory
  const RegistryView registry;
  LiveShard shard(registry, {}, holder.command() + " & exec cat");
  REQUIRE(Holder::is_held(shard.launcher.read_line()));
  CHECK_THAT(seen(registry, {"list"}), Contains(shard.id));
  for (const Words& words : {Words{"inspect"}, {"inspect", "--json"}, {"inspect", "--autopsy"}}) {
    auto all = words;
    all.push_back(shard.id);
    CHECK_THAT(seen(registry, all), Contains(kWithoutLine) && Contains("cat"));
  }
  CHECK_THAT(seen(registry, {"ports", shard.id}), Contains("127.0.0.1:9926") && Contains(kWithoutLine));
  const auto ports = Json::parse(seen(registry, {"ports", "--json", shard.id}));
  CHECK_THAT(ports.at("ports").at(0).at("processes").at(0).at("command_line").get<std::string>(),
             Contains(kWithoutLine));
}

TEST_CASE(
    "a process that lets nobody look at what it executes is shown with its shard, and holds up no look") {
  const Holder holder;  // first: a test that is skipped leaves no directory
  const RegistryView registry;
  LiveShard shard(registry, {}, holder.command("hold-exec") + " & exec cat");
  REQUIRE(Holder::is_held(shard.launcher.read_line()));
  CHECK_THAT(seen(registry, {"list"}), Contains(shard.id));
  CHECK_THAT(seen(registry, {"list", "--json"}), Contains("\"processes\":4"));
  for (const Words& words : {Words{"inspect"}, {"inspect", "--json"}, {"inspect", "--autopsy"}}) {
    auto all = words;
    all.push_back(shard.id);
    CHECK_THAT(seen(registry, all), Contains("nslaunch_probe") && Contains("cat"));
  }
  CHECK_THAT(seen(registry, {"ports", shard.id}), Contains("127.0.0.1:9926"));
  CHECK_THAT(seen(registry, {"inspect", "--json", shard.id}), Contains("\"age_ms\":null"));
}

TEST_CASE(
    "a process that lets nobody look at what it executes holds up neither a time limit nor the silence's") {
  const Holder holder;  // first: a test that is skipped leaves no directory
  const RegistryView registry;
  const Words options = GENERATE(Words{"--timeout", "1s", "--dump-signal", "QUIT"}, Words{"--silence", "1s"});
  auto words = options;
  words.insert(words.end(),
               {"--", "bash", "-c",
                "exec 3< <(" + holder.command("hold-exec") + "); read held <&3; echo $held; sleep 1000"});
  Process launcher(nslaunch(words), registry.options());
  const auto result = launcher.wait(kBound);
  CAPTURE(options.front(), result.err);
  CHECK(Holder::is_held(result.out));
  CHECK(result.status == 124);
  CHECK(registry.ids().empty());
}

TEST_CASE("a process that lets nobody look at what it executes does not keep init when an exec has ended") {
  const Holder holder;  // first: a test that is skipped leaves no directory
  const RegistryView registry;
  LiveShard shard(registry, {}, holder.command("hold-exec") + " & exec cat");
  REQUIRE(Holder::is_held(shard.launcher.read_line()));
  for (int turn = 0; turn < 2; ++turn) {
    const auto ended = run(nslaunch({"exec", shard.id, "--", "true"}), registry.options());
    CAPTURE(turn, ended.err);
    CHECK(ended.status == 0);
  }
}

TEST_CASE("an init that waits for one that it looks at is killed, also where no leak has a grace") {
  const Holder holder;  // first: a test that is skipped leaves no directory
  const RegistryView registry;
  const Words words{
      "--leaks",      "fail",
      "--leak-grace", "0ms",
      "--",           "bash",
      "-c",           "exec 3< <(" + holder.command("hold-exec") + "); read held <&3; echo $held"};
  Process launcher(nslaunch(words), registry.options());
  const auto result = launcher.wait(kBound);
  INFO(result.err);
  CHECK(Holder::is_held(result.out));
  CHECK(result.status == 123);
  CHECK_THAT(result.err, Contains("is in uninterruptible sleep") && Contains("has not run for") &&
                             Contains("what it left running is unknown"));
  CHECK(registry.ids().empty());
}

TEST_CASE("while a shard that hangs is looked at, what others write is shown, and their ends are heard") {
  const Holder holder;
  const RegistryView registry;
  const auto hangs = "exec 3< <(" + holder.command("hold-exec") + "); read held <&3; echo $held; sleep 1000";
  const auto script = "if [ $0 = 1 ]; then " + hangs + "; else while :; do echo tick; sleep 0.05; done; fi";
  const Words words = {"run",      "--shards", "2",         "--jobs", "2",         "--cpus", "off",
                       "--output", "stream",   "--silence", "1s",     "--timeout", "20s",    "--fail-fast",
                       "--",       "bash",     "-c",        script,   "{index}"};
  Words merged = {"sh", "-c", "exec \"$@\" 2>&1", "-"};
  for (const auto& word : nslaunch(words)) merged.push_back(word);
  Process fleet(merged, registry.options());
  const auto out = fleet.wait(kBound).out;
  CAPTURE(out);
  const auto begins = out.find("wrote nothing for 1.0s");
  const auto ends = out.find("sending the command SIGTERM");
  REQUIRE(begins != out.npos);
  REQUIRE(ends != out.npos);
  const auto meanwhile = out.substr(begins, ends - begins);
  std::size_t ticks = 0;
  for (auto at = meanwhile.find("tick\n"); at != meanwhile.npos; at = meanwhile.find("tick\n", at + 1))
    ++ticks;
  CHECK(ticks > 3);
}

}  // namespace nslaunch::test
