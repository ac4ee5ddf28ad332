#include <linux/keyctl.h>
#include <sys/syscall.h>
#include <unistd.h>

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

TEST_CASE("a command of another user has none of the keys of root's session") {
  const Hostile user;
  auto options = user.options();
  options.prepare = [] {
    const bool has_keys =
        ::syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, nullptr) >= 0 &&
        ::syscall(SYS_add_key, "user", "of-root", "secret", 6, KEY_SPEC_SESSION_KEYRING) >= 0;
    if (!has_keys) ::_exit(97);
  };
  const auto script = "grep -c of-root /proc/keys; :";
  const auto own = run(in_shard(script), options);
  if (own.status == 97) SKIP_TEST("no keys can be had here");
  CHECK(own.out == "1\n");
  CHECK(run(in_shard(script, user.words({})), options).out == "0\n");
}

}  // namespace nslaunch::test
