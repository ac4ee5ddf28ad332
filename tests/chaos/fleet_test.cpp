#include <algorithm>
#include <catch2/catch.hpp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <map>
#include <sstream>

#include "chaos/volley.hpp"
#include "support/fleet_scene.hpp"
#include "support/identity.hpp"
#include "sys/base/files.hpp"

namespace nslaunch::test {
namespace {

constexpr std::size_t kShards = 100;
constexpr std::size_t kLines = 5'000;  // of 1,000 bytes, for each shard

/// Writes kLines lines that tell the shard and the line.
constexpr const char* kWriter =
    "awk -v shard=$NSLAUNCH_SHARD_INDEX 'BEGIN { for (i = 1; i <= 5000; ++i) "
    "printf \"%03d %06d %0988d\\n\", shard, i, i * 7 }'";

/// Of two million lines and without optimization: so libc counts the zeros.
bool is_line_of(std::size_t shard, std::size_t number, const std::string& line) {
  char begin[16];
  char end[16];
  const int begins = std::snprintf(begin, sizeof begin, "%03zu %06zu ", shard, number);
  const int ends = std::snprintf(end, sizeof end, "%zu", number * 7);
  return line.starts_with(begin) && line.ends_with(end) && line.size() == 999 &&
         std::strspn(line.c_str() + begins, "0") == static_cast<std::size_t>(999 - begins - ends);
}

/// Whether the text is every shard's lines, each shard's in their order; what is wrong, or nothing.
std::string whats_wrong_with(const std::string& text) {
  std::map<std::size_t, std::size_t> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    const std::size_t shard = std::strtoul(line.c_str(), nullptr, 10);
    if (!is_line_of(shard, ++lines[shard], line))
      return "after line " + std::to_string(lines[shard]) + ": " + line;
  }
  if (lines.size() != kShards) return std::to_string(lines.size()) + " shards";
  for (const auto& [shard, count] : lines) {
    if (count != kLines) return fmt::format("shard {}: {} lines", shard, count);
  }
  return {};
}

}  // namespace

TEST_CASE("100 shards that write 5 MB each lose no byte, through stdout or in artifacts") {
  const FleetScene scene;
  const TempDir artifacts;
  const auto mode = GENERATE(values<std::string>({"group", "stream"}));
  Words words{"bash", "-c", "\"$@\" | sed 's/^shard-[0-9]* | //' >out; exit ${PIPESTATUS[0]}", "-"};
  const auto fleet = nslaunch({"run", "--shards", std::to_string(kShards), "-j", "20", "--output", mode,
                               "--artifacts", artifacts.path(), "--", "sh", "-c", kWriter});
  words.insert(words.end(), fleet.begin(), fleet.end());
  Process running(words, scene.options());
  const auto ended = running.wait(std::chrono::minutes{5});
  INFO(ended.err);
  CHECK(ended.status == 0);
  CHECK(whats_wrong_with(sys::read_file((scene.directory() + "/out").c_str(), 1 << 30).value_or("")).empty());
  std::string kept;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(artifacts.path())) {
    if (entry.path().filename() == "stdout")
      kept += sys::read_file(entry.path().c_str(), 1 << 30).value_or("");
  }
  CHECK(whats_wrong_with(kept).empty());
}

TEST_CASE("500 shards run at once in one process") {
  const FleetScene scene;
  auto arrived = scene.gate("arrived");
  const auto gate = scene.gate("gate");
  auto running =
      scene.start({"--shards", "500", "-j", "500", "--cpus", "off"}, {"tell arrived; await gate; say here"});
  for (int shard = 0; shard < 500; ++shard) arrived.told();
  CHECK(scene.registry().shards().size() == 500);
  gate.open(500);
  const auto ended = running.wait();
  CHECK(ended.status == 0);
  CHECK(std::count(ended.out.begin(), ended.out.end(), '\n') == 500);
  CHECK(last_line_of(ended.err).find("500 PASS in ") != std::string::npos);
  CHECK(scene.registry().files() == Words{});
}

TEST_CASE("launchers of 20 shards SIGKILLed at random instants leave nothing behind") {
  const FleetScene scene;
  const TempDir spools;
  const auto mark = unique_text();
  auto random = chaos_random();
  Volley volley;
  volley.start = [&] {
    auto options = scene.options();
    options.environment.push_back("TMPDIR=" + spools.path());
    Words scripts;
    for (const char* script :
         {"leak; deaf; hang ", "flood 300000; hang ", "say up; fail 1; ", "leak; pass; "})
      scripts.insert(scripts.end(), 5, script + mark);
    return std::make_unique<Process>(
        scene.words({"-j", "20", "--retries", "1", "--leak-grace", "10ms"}, scripts), options);
  };
  volley.delay = [&] {
    return std::chrono::microseconds(std::uniform_int_distribution<int>(0, 400'000)(random));
  };
  volley.strike = [&](Process& launcher) { launcher.send_signal(SIGKILL); };
  volley.ended = [&](const Result& result) { CHECK(result.signal == SIGKILL); };
  volley.fire(chaos_rounds(100));
  CHECK(all_gone(mark));
  CHECK(std::filesystem::is_empty(spools.path()));
  scene.registry().reap();
  CHECK(scene.registry().files() == Words{});
}

TEST_CASE("fleets told to end at random instants die of it and leave nothing, not even a record") {
  const FleetScene scene;
  const auto mark = unique_text();
  auto random = chaos_random();
  const int signal = GENERATE(SIGINT, SIGTERM);
  Volley volley;
  volley.start = [&] {
    return std::make_unique<Process>(scene.words({"-j", "10", "--grace", "50ms", "--leak-grace", "10ms"},
                                                 Words(10, "leak; deaf; hang " + mark)),
                                     scene.options());
  };
  volley.delay = [&] {
    return std::chrono::microseconds(std::uniform_int_distribution<int>(0, 300'000)(random));
  };
  volley.strike = [&](Process& launcher) { launcher.send_signal(signal); };
  volley.ended = [&](const Result& result) {
    INFO(result.err);
    CHECK(result.signal == signal);
  };
  volley.fire(chaos_rounds(50));
  CHECK(find_processes(mark).empty());
  CHECK(scene.registry().files() == Words{});
}

}  // namespace nslaunch::test
