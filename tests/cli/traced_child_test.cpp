#include <catch2/catch.hpp>
#include <csignal>
#include <string>

#include "support/identity.hpp"
#include "support/live_shard.hpp"
#include "support/process.hpp"
#include "support/registry_view.hpp"
#include "sys/process/procfs.hpp"

// Children of init's that make it their tracer.
namespace nslaunch::test {
namespace {

using Catch::Matchers::Contains;

Words traced(int last_signal) {
  return {probe_binary(), "be-traced", std::to_string(last_signal)};
}

Result run_traced(const RegistryView& registry, int last_signal) {
  Words words = {"--"};
  for (const auto& word : traced(last_signal)) words.push_back(word);
  return run(nslaunch(words), registry.options());
}

}  // namespace

TEST_CASE("a command that makes init its tracer has its signals, and ends as it does without one") {
  const RegistryView registry;
  const auto itself = run_traced(registry, 0);
  CHECK(itself.status == 7);
  CHECK(itself.out == "handled 2\n");
  CHECK(itself.err.empty());
  const auto killed = run_traced(registry, SIGTERM);
  CHECK(killed.signal == SIGTERM);
  CHECK(killed.out == "handled 2\n");
  CHECK_THAT(killed.err, !Contains("leak"));
  CHECK(run_traced(registry, SIGTRAP).signal == SIGTRAP);
}

TEST_CASE("a process of exec's that makes init its tracer has its signals, and ends as it does without one") {
  const RegistryView registry;
  const LiveShard live(registry);
  for (const int last : {0, SIGTERM}) {
    Words words = {"exec", live.id, "--"};
    for (const auto& word : traced(last)) words.push_back(word);
    const auto ended = registry.ask(words);
    CHECK(ended.status == (last == 0 ? 7 : -1));
    CHECK(ended.signal == last);
    CHECK(ended.out == "handled 2\n");
    CHECK(ended.err.empty());
  }
}

TEST_CASE("a stop signal stops a command that has made init its tracer, and a SIGCONT lets it go on") {
  const RegistryView registry;
  const auto mark = unique_text();
  Words words = {"--"};
  for (const auto& word : traced(SIGSTOP)) words.push_back(word);
  words.push_back(mark);
  Process launcher(nslaunch(words), registry.options());
  const auto state_of_command = [&](char state) {
    for (const pid_t pid : find_processes("be-traced " + std::to_string(SIGSTOP) + " " + mark)) {
      const auto stat = sys::read_stat(pid);
      if (stat && stat->state == state) return pid;
    }
    return 0;
  };
  REQUIRE(eventually([&] { return state_of_command('T') != 0; }));
  ::kill(state_of_command('T'), SIGCONT);
  CHECK(launcher.wait().status == 7);
}

}  // namespace nslaunch::test
