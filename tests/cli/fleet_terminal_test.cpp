#include <catch2/catch.hpp>
#include <csignal>

#include "support/shell_session.hpp"
#include "support/show.hpp"

namespace nslaunch::test {

using Catch::Matchers::Contains;

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
  const Gate gate(shell.directory() + "/gate");
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
