#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <sstream>

#include "support/fleet_scene.hpp"
#include "support/host_directory.hpp"
#include "support/skip.hpp"
#include "support/write_file.hpp"

namespace nslaunch::test {
namespace {

using Catch::Matchers::Contains;

std::string every_byte() {
  std::string bytes;
  for (int code = 0; code < 256; ++code) bytes += static_cast<char>(code);
  return bytes;
}

}  // namespace

TEST_CASE(
    "group: a shard's output comes in one piece, each stream to its own, behind the line that it has ended") {
  const FleetScene scene;
  auto arrived = scene.gate("arrived");
  auto gate = scene.gate("gate");
  auto running = scene.start(
      {"-j", "2"}, {"say a1; complain e1; tell arrived; await gate; say a2", "await gate; say b1; say b2"});
  arrived.told();
  gate.open(2);
  const auto ended = running.wait();
  CHECK((ended.out == "a1\na2\nb1\nb2\n" || ended.out == "b1\nb2\na1\na2\n"));
  CHECK_THAT(ended.err, Catch::Matchers::Matches("[^]*nslaunch: PASS shard-1, [^\n]*\ne1\n[^]*"));
}

TEST_CASE("group: output without an end of line gets one, on the stream that it is missing on") {
  const FleetScene scene;
  const auto ended = run(nslaunch({"run", "--shards", "2", "-j", "1", "--", "sh", "-c",
                                   "printf out; echo whole >&2; test $0 = 1 || printf err >&2", "{index}"}),
                         scene.options());
  CHECK(ended.out == "out\nout\n");
  CHECK_THAT(ended.err, Contains("whole\nerr\nnslaunch: 2 PASS"));
}

TEST_CASE("failed: only what has not passed is shown, and each attempt of it") {
  const FleetScene scene;
  const auto ended = scene.run({"--output", "failed", "--retries", "1"},
                               {"say fine", "say bad; fail 1", "say first; fail 1 / say second"});
  CHECK_THAT(ended.out, !Contains("fine") && Contains("bad\n") && Contains("first\n") && !Contains("second"));
}

TEST_CASE("stream: each line as it comes, behind its shard's name, and never torn") {
  const FleetScene scene;
  const auto ended =
      scene.run({"--output", "stream", "-j", "3"}, Words(3, "flood 200000; complain here; mutter rest"));
  std::istringstream lines(ended.out);
  std::map<std::string, int> whole;
  int rest = 0;
  for (std::string line; std::getline(lines, line);) {
    const auto label = line.substr(0, 7);
    const auto number = line.substr(6, 1);
    if (line == label + " | rest") {
      ++rest;
    } else if (line == label + " | " + std::string(98, '0') + number) {
      ++whole[label];
    } else {
      FAIL_CHECK("torn: " << line);
    }
  }
  CHECK(whole == std::map<std::string, int>{{"shard-1", 2000}, {"shard-2", 2000}, {"shard-3", 2000}});
  CHECK(rest == 3);
  for (const char* line : {"\nshard-1 | here\n", "\nshard-2 | here\n"})
    CHECK_THAT("\n" + ended.err, Contains(line));
}

TEST_CASE("stream: a line comes while its shard runs on") {
  const FleetScene scene;
  auto gate = scene.gate("gate");
  auto running = scene.start({"--output", "stream"}, {"say now; await gate"});
  CHECK(running.read_line() == "shard-1 | now");
  gate.open(1);
  CHECK(running.wait().status == 0);
}

TEST_CASE("binary output passes unchanged: grouped, streamed, and into the artifacts") {
  const FleetScene scene;
  const TempDir artifacts;
  CHECK(scene.run({}, {"binary"}).out == every_byte() + "\n");
  const auto bytes = every_byte();
  const auto newline = bytes.find('\n') + 1;
  CHECK(scene.run({"--output", "stream"}, {"binary"}).out ==
        "shard-1 | " + bytes.substr(0, newline) + "shard-1 | " + bytes.substr(newline) + "\n");
  CHECK(scene.run({"--artifacts", artifacts.path(), "--output", "failed"}, {"binary; complain odd"}).status ==
        0);
  const auto directory = only_directory_in(artifacts.path()) + "/shard-1";
  CHECK(contents(directory + "/stdout") == bytes);
  CHECK(contents(directory + "/stderr") == "odd\n");
}

TEST_CASE("the report of a shard that hangs ends with its last output") {
  const FleetScene scene;
  const TempDir artifacts;
  const auto ended = scene.run({"--artifacts", artifacts.path(), "--timeout", "500ms", "--grace", "100ms"},
                               {"say so far; complain so bad; hang"});
  INFO(ended.err);
  CHECK(ended.status == 124);
  const auto directory = only_directory_in(artifacts.path()) + "/shard-1";
  std::string report;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    if (entry.path().filename().string().starts_with("autopsy-")) report = contents(entry.path());
  }
  CHECK_THAT(report, Contains("\nprocesses\n") &&
                         Catch::Matchers::EndsWith("\nlast output\n    so far\n    so bad\n"));
}

TEST_CASE("artifacts: a directory for each shard and each attempt, whatever the shards are called") {
  const FleetScene scene;
  const TempDir artifacts;
  write_file(scene.directory() + "/list", "../../escape\na b\n" + std::string(300, 'n') + "\n");
  const auto ended = run(
      nslaunch({"run", "--each", "list", "--retries", "1", "--artifacts", artifacts.path(), "--", "sh", "-c",
                "echo $NSLAUNCH_SHARD_INDEX.$NSLAUNCH_ATTEMPT; : >$NSLAUNCH_ARTIFACTS/own; test "
                "$NSLAUNCH_ATTEMPT = 2",
                "{}"}),
      scene.options());
  INFO(ended.err);
  CHECK(ended.status == 0);
  const std::string run_directory = only_directory_in(artifacts.path());
  CHECK(contents(run_directory + "/2-a_b/stdout") == "2.1\n");
  CHECK(contents(run_directory + "/2-a_b.attempt-2/stdout") == "2.2\n");
  CHECK(std::filesystem::exists(run_directory + "/2-a_b.attempt-2/own"));
  std::size_t directories = 0;
  for (const auto& entry : std::filesystem::directory_iterator(run_directory))
    if (entry.is_directory()) ++directories;
  CHECK(directories == 6);
}

TEST_CASE("a command that root runs as somebody else can't lead root's files elsewhere") {
  if (::geteuid() != 0) SKIP_TEST("needs root: --user");
  const FleetScene scene;
  const TempDir roots;
  const HostDirectory artifacts;
  std::filesystem::permissions(artifacts.path(), std::filesystem::perms(0755));
  write_file(roots / "stdout", "root's\n");
  auto options = scene.options();
  options.directory = "/";
  const auto ended = run(nslaunch({"run", "--shards", "1", "--retries", "1", "--user", "65534:65534",
                                   "--artifacts", artifacts.path() + "/for-others", "--", "sh", "-c",
                                   "ln -s $0 $NSLAUNCH_ARTIFACTS.attempt-2; exit 1", roots.path()}),
                         options);
  INFO(ended.err);
  CHECK(ended.status == 125);
  CHECK_THAT(ended.err, Contains("it belongs to user 0, and not to 65534"));
  CHECK(contents(roots / "stdout") == "root's\n");
  CHECK(only_directory_in(roots.path()) == roots / "stdout");
}

}  // namespace nslaunch::test
