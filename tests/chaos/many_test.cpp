#include <algorithm>
#include <catch2/catch.hpp>
#include <csignal>
#include <memory>
#include <set>

#include "support/identity.hpp"
#include "support/process.hpp"
#include "support/registry_view.hpp"
#include "sys/base/check.hpp"

namespace nslaunch::test {
namespace {

constexpr int kMany = 64;

using Processes = std::vector<std::unique_ptr<Process>>;

/// `kMany` launchers of `script`, whose $0 is the mark and $1 a number; all started before any is waited for.
Processes start_many(const std::string& script, const RegistryView& registry, const std::string& mark) {
  Processes shards;
  for (int i = 1; i <= kMany; ++i) {
    shards.push_back(std::make_unique<Process>(
        nslaunch({"--name", fmt::format("shard-{}", i), "--", "sh", "-c", script, mark, std::to_string(i)}),
        registry.options()));
  }
  return shards;
}

TEST_CASE("64 shards at once bind the same port on every address and write the same file in /tmp") {
  const RegistryView registry;
  const auto mark = unique_text();
  // Noclobber: the file must not be there. Afterwards it must be this shard's own.
  const std::string script = "set -C; echo $1 >/tmp/pool.json || exit 41; " + probe_binary() +
                             " serve 0.0.0.0 9926 || exit 42; test \"$(cat /tmp/pool.json)\" = $1 || exit 43";
  auto shards = start_many(script, registry, mark);
  for (auto& shard : shards) REQUIRE(shard->read_line() == "up");
  // Each now holds the port, and is told to connect to it.
  for (auto& shard : shards) shard->close_input();
  for (auto& shard : shards) {
    const auto result = shard->wait();
    INFO(result.err);
    CHECK(result.status == 0);
    CHECK(result.err.empty());
  }
  CHECK(all_gone(mark));
  CHECK(registry.files() == Words{});
}

TEST_CASE("64 launchers at once lose no record and invent none") {
  const RegistryView registry;
  const auto mark = unique_text();
  std::set<std::string> said;
  auto shards = start_many("echo $NSLAUNCH_ID; read line", registry, mark);
  for (auto& shard : shards) said.insert(shard->read_line());
  REQUIRE(said.size() == kMany);
  // A launcher learns a moment after its command that this runs.
  REQUIRE(eventually([&] {
    const auto all = registry.shards();
    return std::all_of(all.begin(), all.end(),
                       [](const auto& shard) { return shard.at("state") == "running"; });
  }));

  std::set<std::string> names;
  std::set<std::string> listed;
  for (const auto& shard : registry.shards()) {
    listed.insert(shard.at("id").get<std::string>());
    names.insert(shard.at("name").get<std::string>());
  }
  CHECK(listed == said);
  CHECK(names.size() == kMany);
  CHECK(registry.files().size() == 2 * kMany);  // a record and a control socket each

  SECTION("half of them killed, the other half stays, also while many sweep at once") {
    for (std::size_t i = 0; i < kMany; i += 2) shards[i]->send_signal(SIGKILL);
    for (std::size_t i = 0; i < kMany; i += 2) shards[i]->wait();
    auto sweepers = start_many("true", registry, mark);
    for (auto& sweeper : sweepers) CHECK(sweeper->wait().status == 0);
    registry.reap();
    CHECK(registry.ids().size() == kMany / 2);
    for (std::size_t i = 0; i < kMany; i += 2) shards[i].reset();
    std::erase(shards, nullptr);
  }
  for (auto& shard : shards) shard->close_input();
  for (auto& shard : shards) CHECK(shard->wait().status == 1);  // read met the end of its input
  CHECK(registry.files() == Words{});
}

TEST_CASE("a fork bomb of 2,000 processes that ignore every signal is gone when its launcher is SIGKILLed") {
  const RegistryView registry;
  const auto mark = unique_text();
  Process launcher(nslaunch({"--", probe_binary(), "bomb", "2000", mark}), registry.options());
  REQUIRE(launcher.read_line() == "up");
  REQUIRE(find_processes(mark).size() >= 2000);
  launcher.send_signal(SIGKILL);
  CHECK(launcher.wait().signal == SIGKILL);
  CHECK(all_gone(mark));
  registry.reap();
  CHECK(registry.files() == Words{});
}

TEST_CASE(
    "a thousand daemons that ignore every signal are gone when the command ends, and are told of briefly") {
  const RegistryView registry;
  const auto mark = unique_text();
  const auto result =
      run(nslaunch({"--leak-grace", "0ms", "--leaks", "fail", "--", probe_binary(), "swarm", "1000", mark}),
          registry.options());
  INFO(result.err);
  CHECK(result.status == 123);
  CHECK(result.out == "up\n");
  CHECK(result.err.find("1000 processes were still running") != std::string::npos);
  CHECK(result.err.find("and 968 more\n") != std::string::npos);
  CHECK(std::count(result.err.begin(), result.err.end(), '\n') < 40);
  CHECK(all_gone(mark));
  CHECK(registry.files() == Words{});
}

}  // namespace
}  // namespace nslaunch::test
