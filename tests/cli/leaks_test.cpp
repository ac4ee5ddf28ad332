#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <csignal>
#include <regex>

#include "support/identity.hpp"
#include "support/kernel.hpp"
#include "support/process.hpp"
#include "support/registry_view.hpp"
#include "support/skip.hpp"
#include "sys/base/check.hpp"
#include "sys/base/clock.hpp"
#include "sys/process/procfs.hpp"

namespace nslaunch::test {
namespace {

/// `script` leaves something behind; $0 is the mark, $PROBE the probe.
struct LeakyRun {
  RegistryView registry;
  std::string mark = unique_text();

  Words words(const std::string& script, Words options = {}) const {
    options.insert(options.end(), {"--", "bash", "-c", script, mark});
    return nslaunch(std::move(options));
  }
  StartOptions options() const {
    auto options = registry.options();
    options.environment.push_back("PROBE=" + probe_binary());
    return options;
  }
  Result of(const std::string& script, Words more = {}) const {
    return run(words(script, std::move(more)), options());
  }
};

/// Leaves a daemon of its own session behind that ignores every signal, ready when the script goes on.
const std::string kLeaveOne = "exec 3< <(setsid $PROBE stay $0); read up <&3";
const std::string kReport = "process(es were| was) still running";

bool reports_leak(const Result& result) {
  return std::regex_search(result.err, std::regex(kReport));
}

TEST_CASE(
    "a leaked server is named by pid, age, command line and the addresses that it listens on, and is gone") {
  const LeakyRun leaky;
  const auto result = leaky.of(
      "mkfifo /tmp/in; exec 4<>/tmp/in; exec 3< <(exec $PROBE serve 127.0.0.1 9926 $0 <&4 4>&-); "
      "read up <&3; echo done");
  INFO(result.err);
  CHECK(result.status == 0);
  CHECK(result.out == "done\n");
  CHECK(result.err.starts_with(
      "nslaunch: 1 process was still running when the command had exited, and was killed:\n"));
  const std::regex line(
      "nslaunch:   pid [0-9]+ \\(parent 1\\), [0-9.]+m?s old, listening on 127.0.0.1:9926: "
      "\\S*probe serve 127.0.0.1 9926 " +
      leaky.mark + "\nnslaunch:   To end it in time: .*--leak-grace 5s\n$");
  CHECK(std::regex_search(result.err, line));
  CHECK(find_processes(leaky.mark).empty());
}

TEST_CASE(
    "a daemon that forked twice, ignores every signal and has its own session is a leak like any other") {
  const LeakyRun leaky;
  const auto result = leaky.of("$PROBE swarm 3 $0", {"--leak-grace", "0ms"});
  INFO(result.err);
  CHECK(result.status == 0);
  CHECK(result.err.find("3 processes were still running") != std::string::npos);
  CHECK(find_processes(leaky.mark).empty());
}

TEST_CASE("control characters in a leak's name reach no terminal") {
  const LeakyRun leaky;
  const auto result = leaky.of(
      "exec 3< <(exec -a $'\\e]0;owned\\a\\nnslaunch: all is well\\r\\xff' $PROBE stay $0); read up <&3");
  INFO(result.err);
  CHECK(reports_leak(result));
  CHECK(result.err.find("\\x1b]0;owned\\x07\\x0anslaunch: all is well\\x0d\\xff") != std::string::npos);
  const auto harmful = [](char letter) {
    return (letter != '\n' && letter >= 0 && letter < 32) || letter == '\xff';
  };
  CHECK(std::none_of(result.err.begin(), result.err.end(), harmful));
}

TEST_CASE("the words --leaks says what a leak means for the exit status") {
  const LeakyRun leaky;
  struct Case {
    std::string policy;
    int command;
    int status;
    bool told;
  };
  const auto expected = GENERATE(values<Case>({{"warn", 0, 0, true},
                                               {"fail", 0, 123, true},
                                               {"ignore", 0, 0, false},
                                               {"warn", 5, 5, true},
                                               {"fail", 5, 5, true}}));
  const auto result = leaky.of(fmt::format("{}; exit {}", kLeaveOne, expected.command),
                               {"--leaks", expected.policy, "--leak-grace", "10ms"});
  INFO(expected.policy << ", command's status " << expected.command << ": " << result.err);
  CHECK(result.status == expected.status);
  CHECK(reports_leak(result) == expected.told);
  CHECK(find_processes(leaky.mark).empty());
}

TEST_CASE(
    "the option --leaks=fail is content when nothing was left, and does not hide the signal that ended the "
    "command") {
  const LeakyRun leaky;
  CHECK(leaky.of("sleep 0.01 & wait", {"--leaks", "fail"}).status == 0);
  CHECK(leaky.of(kLeaveOne + "; kill -KILL $$", {"--leaks", "fail"}).signal == SIGKILL);
  CHECK(leaky.of("true", {"--leaks", "never"}).status == 125);
}

TEST_CASE("what ends within the leak grace is no leak, and nobody left ends the grace early") {
  const LeakyRun leaky;
  const auto started = sys::Clock::now();
  // The straggler reads a pipe that the test closes after it has seen the command's last line.
  Process launcher(
      leaky.words("(cat >/dev/null; echo straggler) <&0 & disown; echo last", {"--leak-grace", "1h"}),
      leaky.options());
  REQUIRE(launcher.read_line() == "last");
  launcher.close_input();
  const auto result = launcher.wait();
  CHECK(result.status == 0);
  CHECK(result.out == "straggler\n");
  CHECK(result.err.empty());
  CHECK(sys::Clock::now() - started < std::chrono::minutes(1));
}

TEST_CASE("zombies that nobody waited for are no leaks") {
  const LeakyRun leaky;
  // cat, which has taken the shell's place, reaps nothing; it ends when the last of them has closed the pipe.
  const auto result = leaky.of(
      "mkfifo /tmp/f; exec 3<>/tmp/f 4>/tmp/f 5</tmp/f 3>&-; for i in 1 2 3; do true <&- 5<&- & done; "
      "exec cat <&5 4>&- 5<&-",
      {"--leaks", "fail"});
  INFO(result.err);
  CHECK(result.status == 0);
  CHECK(result.err.empty());
}

TEST_CASE("an output pipe that a leak holds open never hangs the caller") {
  const LeakyRun leaky;
  // Process::wait() reads both streams to their ends.
  const auto result = leaky.of("setsid $PROBE stay $0 & disown; echo done");
  INFO(result.err);
  CHECK(result.status == 0);
  CHECK(result.out.find("done\n") != std::string::npos);
  CHECK(reports_leak(result));
  CHECK(find_processes(leaky.mark).empty());
}

TEST_CASE(
    "an end asked for while leaks have their grace starts the other grace, and the command's status is "
    "kept") {
  const LeakyRun leaky;
  Process launcher(
      leaky.words(kLeaveOne + "; echo $NSLAUNCH_ID; exit 6", {"--leak-grace", "1h", "--grace", "100ms"}),
      leaky.options());
  const auto id = launcher.read_line();
  REQUIRE(eventually([&] { return leaky.registry.state(id) == "stopping"; }));
  launcher.send_signal(SIGTERM);
  const auto result = launcher.wait();
  INFO(result.err);
  CHECK(result.status == 6);
  CHECK(reports_leak(result));
  CHECK(find_processes(leaky.mark).empty());
}

TEST_CASE("three SIGINTs while leaks have their grace end it at once") {
  const LeakyRun leaky;
  Process launcher(leaky.words(kLeaveOne + "; echo $NSLAUNCH_ID; exit 6", {"--leak-grace", "1h"}),
                   leaky.options());
  const auto id = launcher.read_line();
  REQUIRE(eventually([&] { return leaky.registry.state(id) == "stopping"; }));
  for (int i = 0; i < 3; ++i) {
    launcher.send_signal(SIGINT);
    // Two that wait at the same time are one to the kernel.
    REQUIRE(eventually([&] {
      return sys::status_field(launcher.pid(), "ShdPnd").value_or("0").find('2') == std::string::npos;
    }));
  }
  const auto result = launcher.wait();
  INFO(result.err);
  CHECK(result.status == 6);
  CHECK(find_processes(leaky.mark).empty());
}

TEST_CASE("a stderr that nobody reads any more changes no exit status") {
  const LeakyRun leaky;
  auto options = leaky.options();
  auto abandoned = sys::make_pipe();
  abandoned.read.reset();
  options.prepare = [&] { ::dup2(abandoned.write.get(), STDERR_FILENO); };
  const auto result = run(leaky.words(kLeaveOne + "; exit 6", {"--leak-grace", "10ms", "-v"}), options);
  CHECK(result.status == 6);
  CHECK(leaky.registry.files() == Words{});
}

/// Before 6.14 there is one limit for all PID namespaces.
TEST_CASE("a process that gets the number of an exec's session which has ended is a leak like any other") {
  if (::geteuid() != 0 || !has_kernel({6, 14}))
    SKIP_TEST("needs root and Linux 6.14, to give a shard few PIDs");
  const RegistryView registry;
  Process launcher(nslaunch({"--name", "reused", "--leaks", "fail", "--", "bash", "-c",
                             "echo 400 > /proc/sys/kernel/pid_max; echo up; read -r number;"
                             "for ((tries = 0; tries < 5000; ++tries)); do"
                             "  sh -c '[ $$ = $1 ] && exec setsid sleep 1000' sh $number &"
                             "  [[ $! != $number ]] || break;"
                             "  wait $!;"
                             "done;"
                             "until [[ $(cut -d' ' -f6 /proc/$number/stat) = $number ]]; do :; done"}),
                   registry.options());
  REQUIRE(launcher.read_line() == "up");
  const auto entered = run(nslaunch({"exec", "reused", "--", "sh", "-c", "echo $$"}), registry.options());
  REQUIRE(entered.status == 0);
  launcher.write_input(entered.out);
  const auto ended = launcher.wait();
  INFO(ended.err);
  CHECK(ended.status == 123);
}

}  // namespace
}  // namespace nslaunch::test
