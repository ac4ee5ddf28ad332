#include <catch2/catch.hpp>
#include <csignal>
#include <optional>

#include "support/counter.hpp"
#include "support/identity.hpp"
#include "support/shell_session.hpp"

namespace nslaunch::test {
namespace {

/// Ends when the terminal does, as most programs do; the mark finds its shell. Ready when nothing is about
/// to be started any more: a shell whose child is stopped between vfork and exec is stuck.
std::string sleeper(const std::string& mark) {
  return "sh -c 'sleep 1000 & echo rea\"\"dy; wait; : " + mark + "'";
}

/// Ignores SIGHUP and everything else that can be ignored.
std::string stubborn(const std::string& mark) {
  return "$P signals " + mark;
}

}  // namespace

TEST_CASE("closing the terminal ends the shard of a job of bash") {
  const bool is_stubborn = GENERATE(false, true);
  const auto mark = unique_text();
  std::optional<ShellSession> shell(std::in_place);
  shell->type("$N --grace 100ms -- " + (is_stubborn ? stubborn(mark) : sleeper(mark)));
  shell->expect(kProbeReady);
  REQUIRE_FALSE(find_processes(mark).empty());
  shell->terminal().hang_up();
  CHECK(all_gone(mark));
}

TEST_CASE("closing the terminal ends the shard of a stopped job") {
  const auto mark = unique_text();
  ShellSession shell;
  shell.type("$N --grace 100ms -- " + sleeper(mark));
  shell.expect(kProbeReady);
  shell.press('Z');
  shell.expect_prompt(148);
  shell.terminal().hang_up();
  CHECK(all_gone(mark));
}

TEST_CASE("closing the terminal ends the shard of a background job") {
  // Now and then bash ends without a word to its jobs: 6 of 6,600 times with bare ones.
  for (int tries_left = 3;; --tries_left) {
    const auto mark = unique_text();
    const auto bare = unique_text();
    ShellSession shell;
    shell.type("bash -c 'exec -a " + bare + " sleep 1000' & $N --grace 100ms -- " + sleeper(mark) + " &");
    shell.expect(kProbeReady);
    REQUIRE(eventually([&] { return !find_processes(bare).empty(); }));
    shell.terminal().hang_up();
    const bool is_over = all_gone(mark);
    const auto untold = find_processes(bare);
    for (const auto& left : {find_processes(mark), untold})
      for (const pid_t pid : left) ::kill(pid, SIGKILL);
    if (is_over) return;
    REQUIRE(!untold.empty());
    REQUIRE(tries_left > 0);
  }
}

TEST_CASE("closing the terminal ends the shard that a script runs") {
  const bool is_stubborn = GENERATE(false, true);
  const auto mark = unique_text();
  ShellSession shell;
  shell.write("script", "$N --grace 100ms -- " + (is_stubborn ? stubborn(mark) : sleeper(mark)) + "\n:\n");
  shell.type("bash $D/script");
  shell.expect(kProbeReady);
  shell.terminal().hang_up();
  CHECK(all_gone(mark));
}

TEST_CASE("closing the terminal ends the shard of an nslaunch that leads the session") {
  const bool is_stubborn = GENERATE(false, true);
  const auto mark = unique_text();
  TempDir records;
  StartOptions options;
  options.environment = {"NSLAUNCH_STATE_DIR=" + records.path()};
  auto words = nslaunch({"--grace", "100ms", "--"});
  if (is_stubborn) {
    words.insert(words.end(), {probe_binary(), "signals", mark});
  } else {
    words.insert(words.end(), {"sh", "-c", "echo ready; sleep 1000; : " + mark});
  }
  PtySession session(words, options);
  session.expect("ready");
  session.hang_up();
  CHECK(all_gone(mark));
}

TEST_CASE("closing the terminal ends a bash in a shard and its jobs") {
  const auto mark = unique_text();
  ShellSession shell;
  shell.type("$N --grace 100ms -- env PS1='inner$? ' MARK=1 bash --norc --noprofile -i " +
             std::string("-O checkwinsize"));
  shell.expect("\ninner0 ");
  shell.type(sleeper(mark) + " & " + sleeper(mark));
  shell.expect(kProbeReady);
  shell.expect(kProbeReady);
  shell.terminal().hang_up();
  CHECK(all_gone(mark));
}

TEST_CASE("nohup keeps a background shard alive when its terminal closes") {
  const auto mark = unique_text();
  ShellSession shell;
  shell.type("nohup sh -c 'echo $$ > $D/pid; exec $N -- $P signals " + mark +
             "' > $D/out 2>&1 & echo st''arted");
  shell.expect("started\r\n");
  shell.expect_prompt(0);
  const auto contains = [&](const std::string& file, const std::string& text) {
    return eventually([&] {
      Result seen = run({"cat", shell.directory() + "/" + file});
      return seen.out.find(text) != std::string::npos;
    });
  };
  REQUIRE(contains("out", "ready"));
  const pid_t launcher = std::stoi(run({"cat", shell.directory() + "/pid"}).out);
  shell.terminal().hang_up();
  shell.terminal().wait();
  ::kill(launcher, SIGUSR1);
  CHECK(contains("out", got(SIGUSR1)));
  ::kill(launcher, kDone);
  CHECK(contains("out", "done"));
  CHECK(all_gone(mark));
}

}  // namespace nslaunch::test
