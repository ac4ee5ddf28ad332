#include <algorithm>
#include <catch2/catch.hpp>
#include <regex>

#include "support/show.hpp"
#include "support/write_file.hpp"

namespace nslaunch::test {
namespace {

using Catch::Matchers::Contains;
using Size = PtySession::Size;

/// Each of the shards has ended in one line, and each has said its word once; nothing of the block is left.
void check_final_screen(const Show& show, std::size_t shards) {
  INFO(show.text());
  for (std::size_t shard = 1; shard <= shards; ++shard) {
    const auto number = std::to_string(shard);
    const std::regex end("nslaunch: PASS shard-" + number + ", .*");
    const auto lines = show.screen().lines();
    CHECK(std::count_if(lines.begin(), lines.end(),
                        [&](const auto& line) { return std::regex_match(line, end); }) == 1);
    CHECK(show.screen().count("word of " + number) == 1);
  }
  CHECK_THAT(show.text(), !Contains(" ended, ") && !Contains(" running") && !Contains("more\n"));
  CHECK_THAT(show.screen().lines().back(), Contains(std::to_string(shards) + " PASS in "));
}

}  // namespace

TEST_CASE("on a terminal the shards that run stand below those that have ended, with their last lines") {
  const FleetScene scene;
  const auto gate = scene.gate("gate");
  Show show(scene, scene.words({"-j", "3"}, waiting(8)));
  show.await("^0/8 ended, 0 failed, 3 running, ");
  show.await("^  shard-3  +[0-9.]+m?s  word of 3$");
  gate.open(1);
  show.await("^1/8 ended, 0 failed, 3 running, ");
  show.await("^nslaunch: PASS shard-[123], ");
  show.await("^word of [123]$");
  gate.open(7);
  CHECK(show.wait().status == 0);
  check_final_screen(show, 8);
}

TEST_CASE("the end of the last shard takes the block away, and nothing else") {
  const FleetScene scene;
  const auto gate = scene.gate("gate");
  Show show(scene, scene.words({}, waiting(1)));
  show.await("^  shard-1 .*word of 1$");
  gate.open(1);
  CHECK(show.wait().status == 0);
  check_final_screen(show, 1);
}

TEST_CASE("the block is whole at any size of the terminal, and leaves nothing") {
  const FleetScene scene;
  const auto size = GENERATE(values<Size>({{24, 80}, {10, 40}, {4, 30}, {3, 24}, {2, 20}, {50, 200}}));
  CAPTURE(size.rows, size.columns);
  const auto gate = scene.gate("gate");
  Show show(scene, scene.words({"-j", "12"}, waiting(12)), size);
  show.await("^0/12 ended");
  if (size.rows < 14 && size.rows > 2) show.await("^  and [0-9]+ more");
  for (int round = 0; round < 3; ++round) {
    gate.open(4);
    if (round < 2) show.await("^" + std::to_string(4 * (round + 1)) + "/12 ended");
  }
  CHECK(show.wait().status == 0);
  check_final_screen(show, 12);
}

TEST_CASE("a resize during the run leaves no remains, narrower or wider, lower or higher") {
  const FleetScene scene;
  const auto gate = scene.gate("gate");
  Show show(scene, scene.words({"-j", "6"}, waiting(6)), {24, 80});
  show.await("^  shard-6 .* word of 6$");
  int ended = 0;
  for (const Size size : {Size{24, 30}, Size{24, 100}, Size{12, 26}, Size{40, 80}}) {
    show.resize(size);
    gate.open(1);
    show.await("^" + std::to_string(++ended) + "/6 ended");
  }
  gate.open(2);
  CHECK(show.wait().status == 0);
  check_final_screen(show, 6);
}

TEST_CASE("wide characters, colours and control sequences of the shards do not disturb the block") {
  const FleetScene scene;
  write_file(scene.directory() + "/list", "日本語のテスト\nплан\na\tb\x1b[31m\n");
  const auto gate = scene.gate("gate");
  const std::string noise =
      R"(printf '\033[2J\033[31m漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字\033[0m\rover\tit 漢字漢字漢字漢字漢字'; read -r x <gate; printf '\r\n')";
  Show show(
      scene,
      nslaunch({"run", "--each", "list", "-j", "3", "--output", "failed", "--", "bash", "-c", noise, "{}"}),
      {24, 44});
  show.await("^  日本語のテスト .* over it 漢字");
  show.await("^  план  ");
  gate.open(3);
  CHECK(show.wait().status == 0);
  INFO(show.text());
  CHECK(show.screen().lines().size() >= 4);
  CHECK_THAT(show.text(),
             Contains("nslaunch: PASS 日本語のテスト, ") && Contains("\\x1b[31m") && !Contains("over it"));
}

TEST_CASE("long output above the block, of both streams, comes whole") {
  const FleetScene scene;
  const auto gate = scene.gate("gate");
  Show show(scene, scene.words({"-j", "2", "--output", "stream"},
                               {"flood 20000; await gate", "complain odd; await gate; flood 20000"}));
  show.await("^  shard-2 ");
  gate.open(2);
  CHECK(show.wait().status == 0);
  CHECK(show.screen().count("shard-1 | " + std::string(98, '0') + "1") == 200);
  CHECK(show.screen().count("shard-2 | " + std::string(98, '0') + "2") == 200);
  CHECK(show.screen().count("shard-2 | odd") == 1);
  CHECK_THAT(show.text(), !Contains(" ended, "));
}

}  // namespace nslaunch::test
