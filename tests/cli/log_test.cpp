#include <algorithm>
#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>
#include <regex>
#include <sstream>

#include "support/process.hpp"
#include "support/registry_view.hpp"
#include "support/temp_dir.hpp"
#include "support/write_file.hpp"
#include "sys/base/files.hpp"

// --log FILE: what launcher and init do, for reports of bugs.

namespace nslaunch::test {
namespace {

using Catch::Matchers::Contains;

std::string content(const std::string& path) {
  return sys::read_file(path.c_str(), 16 << 20).value_or("");
}

/// Those that are no line of a log.
std::vector<std::string> strange_lines(const std::string& log) {
  const std::regex line(
      R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z nslaunch\[(run|[0-9a-f]{8} (launcher|init))\] .+)");
  std::vector<std::string> strange;
  std::istringstream lines(log);
  for (std::string each; std::getline(lines, each);) {
    if (!std::regex_match(each, line)) strange.push_back(each);
  }
  return strange;
}

}  // namespace

TEST_CASE("the log has the steps, messages, signals and decisions of launcher and init") {
  const RegistryView registry;
  const TempDir directory;
  Process launcher(nslaunch({"--log", directory / "log", "--grace", "100ms", "--", "sh", "-c",
                             "trap '' TERM; echo $NSLAUNCH_ID; read end; sleep 1000"}),
                   registry.options());
  const auto id = launcher.read_line();
  launcher.send_signal(SIGTERM);
  const auto ended = launcher.wait();
  const auto log = content(directory / "log");
  INFO(log);
  CHECK(ended.signal == SIGKILL);
  CHECK(strange_lines(log).empty());
  for (const auto* entry :
       {"launcher] done: clone\n", "launcher] init is pid ", "launcher] from init: done: ",
        "launcher] to init: go", "launcher] from init: started: ", "launcher] SIGTERM from pid ",
        "init] told: forward a signal", "launcher] is to end (terminated): the grace begins",
        "launcher] says: the command did not end within", "launcher] to init: kill the command",
        "launcher] from init: finished: ", "launcher] all processes are gone"})
    CHECK_THAT(log, Contains(id + " " + entry));
  CHECK(std::regex_search(log, std::regex(id + R"( init\] process \d+: died of signal 9\n)")));
  CHECK_THAT(log, Contains("[run] nslaunch ") && Contains("[run] the end"));
}

TEST_CASE("the log of several shards has each by its id, behind what it had before") {
  const RegistryView registry;
  const TempDir directory;
  auto options = registry.options();
  options.environment.push_back("NSLAUNCH_OPT_LOG=" + directory / "log");
  REQUIRE(run(nslaunch({"--", "true"}), options).status == 0);
  const auto before = content(directory / "log");
  const auto ended =
      run(nslaunch({"run", "--shards", "2", "--output", "stream", "--", "sh", "-c", "echo $NSLAUNCH_ID"}),
          options);
  CHECK(ended.status == 0);
  const auto log = content(directory / "log");
  INFO(log);
  CHECK(strange_lines(log).empty());
  CHECK((!before.empty() && log.starts_with(before)));
  std::istringstream ids(ended.out);
  int shards = 0;
  for (std::string id; ids >> id;) {
    if (id.size() != 8) continue;  // what the display says
    ++shards;
    CHECK(std::regex_search(log, std::regex(id + R"( init\] process \d+: exit status 0\n)")));
  }
  CHECK(shards == 2);
}

TEST_CASE("a log that a run has made loses its older half when it is full, and one that was there nothing") {
  const bool is_there = GENERATE(false, true);
  const RegistryView registry;
  const TempDir directory;
  const auto log = directory / "log";
  if (is_there) write_file(log, "before\n");
  // Each of these names is part of a line of the log, escaped to four times its length.
  constexpr int kLines = 40;
  std::string list;
  for (int line = 0; line < kLines; ++line)
    list += std::to_string(line) + std::string(110'000, '\033') + "\n";
  write_file(directory / "list", list);
  const auto ended = run(
      nslaunch({"run", "--each", directory / "list", "--log", log, "--output", "failed", "--", "true", "{}"}),
      registry.options());
  INFO(ended.err.substr(0, 2000));
  const auto size = std::filesystem::file_size(log);
  CHECK((is_there ? size > kLines * 440'000U : size < 16U << 20U));
  if (is_there)
    CHECK_THAT(sys::read_file(log.c_str(), 100 << 20).value_or(""), Catch::StartsWith("before\n"));
}

TEST_CASE("a log that can't be written is told of before anything runs") {
  const RegistryView registry;
  const auto ended = run(nslaunch({"--log", "/missing/log", "--", "echo", "ran"}), registry.options());
  CHECK(ended.status == 125);
  CHECK(ended.out.empty());
  CHECK_THAT(ended.err, Contains("opening /missing/log for the log") && Contains("--log takes a file"));
}

}  // namespace nslaunch::test
