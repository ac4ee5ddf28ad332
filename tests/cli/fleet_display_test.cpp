#include <algorithm>
#include <catch2/catch.hpp>
#include <csignal>
#include <regex>

#include "support/fleet_scene.hpp"
#include "support/pty.hpp"
#include "support/screen.hpp"
#include "support/shell_session.hpp"
#include "support/write_file.hpp"

namespace nslaunch::test {
namespace {

using Catch::Matchers::Contains;
using Size = PtySession::Size;

/// A fleet on a terminal, and what is to be seen there.
class Show {
 public:
  Show(const FleetScene& scene, const Words& words, Size size = {24, 80}, const Words& environment = {})
      : screen_(size.rows, size.columns), session_(words, on_terminal(scene, environment), size) {}

  /// Reads until the screen shows this line: of the block, or above it.
  void await(const std::string& pattern) {
    const std::regex wanted(pattern);
    const bool seen = eventually([&] {
      take();
      const auto lines = screen_.lines();
      return std::any_of(lines.begin(), lines.end(),
                         [&](const std::string& line) { return std::regex_search(line, wanted); });
    });
    INFO(text());
    REQUIRE(seen);
  }
  void resize(Size size) {
    take();
    screen_.resize(size.rows, size.columns);
    session_.resize(size);
  }
  void send_signal(int signal) const { ::kill(session_.pid(), signal); }
  void press(char control) { session_.send(std::string(1, static_cast<char>(control & 0x1f))); }
  Result wait() {
    take();
    auto ended = session_.wait();
    screen_.write(ended.out.substr(written_));
    return ended;
  }
  const Screen& screen() const { return screen_; }
  /// All that is on it, for people.
  std::string text() const {
    std::string text;
    for (const auto& line : screen_.lines()) text += line + "\n";
    return text;
  }

 private:
  static StartOptions on_terminal(const FleetScene& scene, const Words& environment) {
    auto options = scene.options();
    options.environment.insert(options.environment.end(), {"TERM=xterm", "CI", "NO_COLOR=1"});
    options.environment.insert(options.environment.end(), environment.begin(), environment.end());
    return options;
  }
  void take() {
    const auto seen = session_.unread();
    screen_.write(seen.substr(written_));
    written_ = seen.size();
  }

  Screen screen_;
  PtySession session_;
  std::size_t written_ = 0;
};

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

/// Shards that say a word, then wait to be let go.
Words waiting(std::size_t shards) {
  Words scripts;
  for (std::size_t shard = 1; shard <= shards; ++shard)
    scripts.push_back("say word of " + std::to_string(shard) + "; await gate");
  return scripts;
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
  write_file(scene.folder() + "/list", "日本語のテスト\nплан\na\tb\x1b[31m\n");
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

TEST_CASE("Ctrl-C on the terminal ends the shards, and takes the block away") {
  const FleetScene scene;
  const auto gate = scene.gate("gate");
  Show show(scene, scene.words({"-j", "2"}, waiting(3)));
  show.await("^  shard-2 .*word of 2$");
  show.press('C');
  const auto ended = show.wait();
  INFO(show.text());
  CHECK(ended.signal == SIGINT);
  CHECK_THAT(show.text(), Contains("CANCELLED shard-1") && !Contains(" running, "));
  CHECK_THAT(show.screen().lines().back(), Contains("3 CANCELLED in "));
}

TEST_CASE("with CI=true, TERM=dumb or stderr elsewhere there are plain lines, and no sequence") {
  const FleetScene scene;
  const auto variable = GENERATE(values<std::string>({"CI=true", "TERM=dumb"}));
  Show show(scene, scene.words({"-j", "2"}, {"say one", "say two; fail 1"}), {24, 200}, {variable});
  const auto ended = show.wait();
  CHECK(ended.status == 1);
  CHECK_THAT(ended.out, !Contains("\033") && Contains("nslaunch: PASS shard-1"));
}

TEST_CASE("a terminal whose stdout goes elsewhere shows the block, and the output is not on it") {
  const FleetScene scene;
  const auto gate = scene.gate("gate");
  auto words = scene.words({"-j", "2"}, waiting(2));
  words.insert(words.begin(), {"sh", "-c", "exec \"$@\" >out", "-"});
  Show show(scene, words);
  show.await("^  shard-2 .*word of 2$");
  gate.open(2);
  CHECK(show.wait().status == 0);
  CHECK(show.screen().count("word of 1") == 0);
  CHECK_THAT(show.text(), !Contains(" ended, "));
}

TEST_CASE("a terminal that somebody has stopped holds no deadline up, nor a signal") {
  const FleetScene scene;
  auto arrived = scene.gate("arrived");
  auto options = scene.options();
  options.environment.insert(options.environment.end(), {"TERM=xterm", "CI"});
  PtySession session(
      scene.words({"-j", "3", "--output", "stream", "--timeout", "1500ms", "--grace", "50ms"},
                  {"tell arrived; flood 9000000", "tell arrived; deaf; hang", "tell arrived; pass"}),
      options);
  for (int shard = 0; shard < 3; ++shard) arrived.told();
  CHECK(eventually([&] { return scene.registry().files().empty(); }));
  ::kill(session.pid(), SIGTERM);
  const auto pidfd = sys::Pidfd::open(session.pid());
  REQUIRE(pidfd);
  CHECK(pidfd->wait_for_end(kPatience));
  CHECK(session.wait().signal == SIGTERM);
}

TEST_CASE("Ctrl-Z gives the shell its terminal back without the block, and fg shows it again") {
  ShellSession shell;
  const Gate gate(shell.folder() + "/gate");
  shell.type("unset CI; TERM=xterm $N run --shards 2 -j 2 -- sh -c 'read -r x <gate'");
  shell.expect("0/2 ended");
  shell.press('Z');
  shell.expect_prompt(148);
  shell.type("fg");
  shell.expect("0/2 ended");
  gate.open(2);
  shell.expect("2 PASS in ");
  shell.expect_prompt(0);
}

}  // namespace nslaunch::test
