#include <catch2/catch.hpp>

#include "support/hostile.hpp"
#include "support/identity.hpp"
#include "support/pty.hpp"

// What root's terminal and keys are to the command of --user.
namespace nslaunch::test {
namespace {

using Catch::Matchers::Contains;

/// What is typed for the shell after nslaunch has ended is what the person at the terminal types.
void check_typing(const Hostile& user, const Words& launch, const std::string& refusal) {
  Words words = {"sh", "-c", "\"$@\"; echo \"over: now\"; read line; echo \"<$line>\"", "sh"};
  words.insert(words.end(), launch.begin(), launch.end());
  PtySession session(words, user.options());
  const auto shown = session.read_until("over: now");
  CAPTURE(shown);
  CHECK_THAT(shown, Contains("done") && !Contains("pushed"));
  CHECK_THAT(shown, Contains("natively: " + refusal) && Contains("with high bits: " + refusal) &&
                        Contains("TIOCLINUX: " + refusal));
  session.send("typed\n");
  CHECK(session.read_until(">").ends_with("<typed"));
}

}  // namespace

TEST_CASE("a command of another user types nothing on root's terminal") {
  const Hostile user;
  const auto one = nslaunch(user.words({"--", probe_binary(), "push"}));
  check_typing(user, one, "Operation not permitted");
  auto fleet = user.words({"--shards", "1", "--output", "group", "--", probe_binary(), "push"});
  fleet.insert(fleet.begin(), "run");
  check_typing(user, nslaunch(fleet), "Operation not permitted");
}

}  // namespace nslaunch::test
