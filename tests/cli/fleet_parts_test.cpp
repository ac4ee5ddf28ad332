#include <catch2/catch.hpp>

#include <algorithm>
#include <filesystem>
#include <set>
#include <sstream>

#include "run/engine/processors.hpp"
#include "support/awkward_name.hpp"
#include "support/fleet_scene.hpp"
#include "support/write_file.hpp"

namespace nslaunch::test {
namespace {

using Catch::Matchers::Contains;

Words sorted_lines(const std::string& text) {
  std::istringstream stream(text);
  Words lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  std::sort(lines.begin(), lines.end());
  return lines;
}

Result fleet(const FleetScene& scene, Words options, const Words& command, const std::string& input = {}) {
  options.insert(options.begin(), "run");
  options.emplace_back("--");
  options.insert(options.end(), command.begin(), command.end());
  auto start = scene.options();
  start.input = input;
  return run(nslaunch(std::move(options)), start);
}

}  // namespace

TEST_CASE("each shard has its number, its name, and its words in braces") {
  const FleetScene scene;
  const auto ended = fleet(
      scene, {"--shards", "3", "--env", "PART={index0}"},
      {"sh", "-c",
       "echo $0 $PART $NSLAUNCH_SHARD_INDEX $NSLAUNCH_SHARD_INDEX0 $NSLAUNCH_SHARD_TOTAL $NSLAUNCH_NAME "
       "$NSLAUNCH_ATTEMPT; test $1 = $NSLAUNCH_ID",
       "{index}/{total}:{name}", "{id}"});
  INFO(ended.err);
  CHECK(ended.status == 0);
  CHECK(sorted_lines(ended.out) == Words{"1/3:shard-1 0 1 0 3 shard-1 1", "2/3:shard-2 1 2 1 3 shard-2 1",
                                         "3/3:shard-3 2 3 2 3 shard-3 1"});
}

TEST_CASE("the shards of a run have one run id, and each an id of its own") {
  const FleetScene scene;
  auto gate = scene.gate("gate");
  auto arrived = scene.gate("arrived");
  auto running = scene.start({"-j", "3"}, Words(3, "tell arrived; await gate"));
  for (int shard = 0; shard < 3; ++shard) arrived.told();
  std::set<std::string> ids;
  std::set<std::string> parts;
  const auto shards = scene.registry().shards();
  for (const auto& shard : shards) {
    ids.insert(shard.at("id"));
    parts.insert(shard.at("shard_index").dump() + "/" + shard.at("shard_total").dump());
  }
  CHECK(ids.size() == 3);
  CHECK(parts == std::set<std::string>{"1/3", "2/3", "3/3"});
  const auto listed = scene.registry().ask({"list"});
  CHECK_THAT(listed.out, Contains("1/3") && Contains("2/3") && Contains("3/3"));
  gate.open(3);
  CHECK(running.wait().status == 0);
}

TEST_CASE("each line of a list makes a shard, which has it as {} and its words as {1}, {2}") {
  const FleetScene scene;
  write_file(scene.directory() + "/list", "alpha one\r\n\nbeta  it's\nsolo");
  const auto ended =
      fleet(scene, {"--each", "list", "--env", "LINE={}"},
            {"sh", "-c", "echo \"$LINE|$0|$1|$2|$NSLAUNCH_SHARD_INDEX\"", "{1}", "{2}", "{}{total}"});
  INFO(ended.err);
  CHECK(sorted_lines(ended.out) == Words{"alpha one|alpha|one|alpha one3|1",
                                         "beta  it's|beta|it's|beta  it's3|2", "solo|solo||solo3|3"});
  CHECK_THAT(ended.err, Contains("PASS beta  it's, "));
  const auto by_pipe = fleet(scene, {"--each", "-"}, {"sh", "-c", "echo {}; cat"}, "a\nb\n");
  CHECK(sorted_lines(by_pipe.out) == Words{"a", "b"});
}

TEST_CASE("a list that makes no shards, or all alike, is refused") {
  const FleetScene scene;
  write_file(scene.directory() + "/empty", "\n\n");
  write_file(scene.directory() + "/list", "a\n");
  const auto refused = [&](const Words& options, const Words& command) {
    const auto ended = fleet(scene, options, command);
    CHECK(ended.status == 125);
    CHECK(ended.out.empty());
    return ended.err;
  };
  CHECK_THAT(refused({"--each", "empty"}, {"echo", "{}"}), Contains("it has no lines"));
  std::string lines;
  for (int line = 0; line < 100'001; ++line) lines += "a\n";
  write_file(scene.directory() + "/long", lines);
  CHECK_THAT(refused({"--each", "long"}, {"echo", "{}"}),
             Contains("--each long: its 100001 lines are more shards than the 100000 that can be"));
  CHECK_THAT(refused({"--each", "none"}, {"echo", "{}"}), Contains("none") && Contains("No such file"));
  CHECK_THAT(refused({"--each", "."}, {"echo", "{}"}), Contains("directory"));
  CHECK_THAT(refused({"--each", "list"}, {"echo", "{other}"}), Contains("nothing of the line"));
  CHECK_THAT(refused({"--each", "list", "--shards", "2"}, {"echo", "{}"}), Contains("Leave one of them out"));
  CHECK_THAT(refused({"--shards", "0"}, {"echo"}), Contains("a number from 1"));
  CHECK_THAT(refused({"--shards", "2", "--isolation", "none"}, {"echo"}), Contains("needs a shard"));
  CHECK_THAT(refused({"--jobs", "2"}, {"echo"}), Contains("run of several shards"));
  CHECK_THAT(refused({"--shards", "2", "--retries", "1", "--pcap", "x.{index}"}, {"echo"}),
             Contains("more than one shard would write there") && Contains("Put {id} into it"));
  CHECK_THAT(refused({"--shards", "2", "--pcap", "x"}, {"echo"}),
             Contains("more than one shard would write there"));
  CHECK_THAT(refused({"--shards", "2", "-j2", "--publish", "8080"}, {"echo"}), Contains("--publish"));
}

TEST_CASE("the file name that each shard can have for itself can be pasted, whatever it is called") {
  const FleetScene scene;
  const auto told = fleet(scene, {"--shards", "2", "--pcap", kAwkwardName}, {"true"}).err;
  CAPTURE(told);
  const auto advice = told.substr(told.find("into it: ") + 9);
  const auto shell = nslaunch({}).front() + " run --shards 2 " + advice.substr(0, advice.find('\n'));
  CHECK(run({"bash", "-c", shell + " -- true"}, scene.options()).status == 0);
  CHECK(std::filesystem::exists(scene.directory() + "/" + kAwkwardName + ".2"));
  CHECK_FALSE(std::filesystem::exists(scene.directory() + "/PWNED"));
}

TEST_CASE("a run that is one of several splits its part, of numbers and of a list") {
  const FleetScene scene;
  const auto numbers = fleet(scene, {"--shard", "2/4", "--shards", "3"}, {"echo", "{index}/{total}"});
  CHECK(sorted_lines(numbers.out) == Words{"4/12", "5/12", "6/12"});
  write_file(scene.directory() + "/list", "a\nb\nc\nd\ne\n");
  const auto first = fleet(scene, {"--shard", "1/2", "--each", "list"}, {"echo", "{} {index}/{total}"});
  const auto second = fleet(scene, {"--shard", "2/2", "--each", "list"}, {"echo", "{} {index}/{total}"});
  CHECK(sorted_lines(first.out) == Words{"a 1/5", "c 3/5", "e 5/5"});
  CHECK(sorted_lines(second.out) == Words{"b 2/5", "d 4/5"});
  const auto none = fleet(scene, {"--shard", "9/9", "--each", "list"}, {"echo", "{}"});
  CHECK(none.status == 0);
  CHECK_THAT(none.err, Contains("there is nothing for this one"));
}

TEST_CASE("each of the shards that run at once has processors of its own") {
  const FleetScene scene;
  const auto allowed = run::allowed_processors();
  const auto seen = [&](const Words& options) {
    auto words = options;
    words.insert(words.begin(), {"--shards", "2", "-j", "2"});
    auto gate = scene.gate(options.back() + "-arrived");
    auto go = scene.gate(options.back() + "-go");
    auto start = nslaunch({"run"});
    start.insert(start.end(), words.begin(), words.end());
    start.insert(start.end(), {"--", "sh", "-c", "echo >$0-arrived; read x <$0-go; nproc", options.back()});
    Process running(start, scene.options());
    gate.told();
    gate.told();
    go.open(2);
    return sorted_lines(running.wait().out);
  };
  const auto all = std::to_string(allowed.size());
  const auto half = std::to_string(std::max<std::size_t>(1, allowed.size() / 2));
  CHECK(seen({"--cpus", "auto"}) == Words{half, half});
  CHECK(seen({"--cpus", "1"}) == Words{"1", "1"});
  CHECK(seen({"--cpus", "off"}) == Words{all, all});
}

TEST_CASE("two shards at once that have a processor each have different ones") {
  if (run::allowed_processors().size() < 2) return;
  const FleetScene scene;
  auto gate = scene.gate("arrived");
  auto go = scene.gate("go");
  Process running(nslaunch({"run", "--shards", "2", "-j", "2", "--cpus", "1", "--", "sh", "-c",
                            "echo >arrived; read x <go; grep Cpus_allowed_list /proc/self/status"}),
                  scene.options());
  gate.told();
  gate.told();
  go.open(2);
  const auto lines = sorted_lines(running.wait().out);
  REQUIRE(lines.size() == 2);
  CHECK(lines[0] != lines[1]);
}

TEST_CASE("a fleet's shards have /dev/null as stdin, a process group of their own, and the caller's limits") {
  const FleetScene scene;
  auto options = scene.options();
  options.input = "not for them\n";
  const auto ended =
      run({"bash", "-c", "ulimit -Sn 200; exec \"$@\"", "-", nslaunch({}).front(), "run", "--shards", "2",
           "--", "bash", "-c",
           "readlink /proc/self/fd/0; cat; ulimit -Sn; (($(cut -d' ' -f5 /proc/$$/stat) == $$)) && echo own"},
          options);
  INFO(ended.err);
  CHECK(ended.out == "/dev/null\n200\nown\n/dev/null\n200\nown\n");
}

TEST_CASE("descriptors of a fleet reach none of its commands") {
  const FleetScene scene;
  const auto ended = fleet(scene, {"--shards", "4", "-j", "4"}, {"sh", "-c", "ls /proc/self/fd | wc -l"});
  const auto alone = run(nslaunch({"--", "sh", "-c", "ls /proc/self/fd | wc -l"}), scene.options());
  CHECK(sorted_lines(ended.out) == Words(4, sorted_lines(alone.out).front()));
}

}  // namespace nslaunch::test
