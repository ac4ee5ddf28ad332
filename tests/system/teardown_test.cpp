#include <fcntl.h>
#include <sched.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <regex>

#include "support/identity.hpp"
#include "support/process.hpp"
#include "support/registry_view.hpp"
#include "support/skip.hpp"
#include "sys/base/check.hpp"
#include "sys/base/fd.hpp"
#include "sys/base/files.hpp"
#include "sys/process/procfs.hpp"

namespace nslaunch::test {
namespace {

/// A shard whose command says its pid and then waits for its input to end.
struct Held {
  RegistryView registry;
  std::string mark = unique_text();
  Process launcher{
      nslaunch({"-v", "--leak-grace", "0ms", "--", "sh", "-c", "echo $NSLAUNCH_ID; read line; exit 5", mark}),
      registry.options()};
  std::string id = launcher.read_line();
  pid_t init = registry.shards().at(0).at("init_pid");

  /// The command as it is seen from outside.
  pid_t command() const {
    for (const pid_t pid : find_processes(mark)) {
      if (sys::read_stat(pid).value_or(sys::ProcessStat{}).parent == init) return pid;
    }
    return 0;
  }
};

/// Joins the shard's PID namespace from outside, as nsenter does, with a child that says "in" and stays;
/// then stops, so that it reaps nobody.
pid_t intrude_and_stop(pid_t init) {
  auto ready = sys::make_pipe();
  const pid_t intruder = sys::check(::fork(), "forking an intruder");
  if (intruder == 0) {
    sys::close_all_except({ready.write.get()});  // the shard's input above all
    const auto target = sys::open_file(fmt::format("/proc/{}/ns/pid", init), O_RDONLY);
    if (::setns(target.get(), CLONE_NEWPID) != 0) ::_exit(1);
    const pid_t child = ::fork();
    if (child == 0) {
      if (::write(ready.write.get(), "x", 1) != 1) ::_exit(2);
      for (;;) ::pause();
    }
    ::kill(::getpid(), SIGSTOP);
    ::waitpid(child, nullptr, 0);
    ::_exit(0);
  }
  ready.write.reset();
  char byte = 0;
  REQUIRE(::read(ready.read.get(), &byte, 1) == 1);
  int status = 0;
  REQUIRE(::waitpid(intruder, &status, WUNTRACED) == intruder);
  REQUIRE(WIFSTOPPED(status));
  return intruder;
}

TEST_CASE(
    "who entered from outside and is not reaped holds the end up for five seconds, is named, and the record "
    "stays") {
  if (::geteuid() != 0) SKIP_TEST("needs root to join a PID namespace from outside");
  Held held;
  const pid_t intruder = intrude_and_stop(held.init);
  held.launcher.close_input();
  const auto result = held.launcher.wait();
  INFO(result.err);
  CHECK(result.status == 5);
  const auto named = fmt::format(
      "is not reaped by its parent outside the shard, pid {} \\(.*\\), which is stopped", intruder);
  CHECK(std::regex_search(result.err, std::regex(named)));
  CHECK(result.err.find("its record stays") != std::string::npos);
  CHECK(result.err.find("NOT all processes gone") != std::string::npos);
  CHECK(held.registry.ids() == Words{held.id});

  ::kill(intruder, SIGCONT);
  REQUIRE(::waitpid(intruder, nullptr, 0) == intruder);
  REQUIRE(eventually([&] { return held.registry.ids().empty(); }));
  CHECK(held.registry.files() == Words{});
}

/// As a tracer that has come back to its senses: hears of every stop, and at last of the end.
void wait_as_tracer(pid_t tracee) {
  int status = 0;
  do REQUIRE(::waitpid(tracee, &status, __WALL) == tracee);
  while (WIFSTOPPED(status));
}

TEST_CASE(
    "a leak whose tracer does not wait holds the end up for five seconds, and the command's status is kept") {
  RegistryView registry;
  const auto mark = unique_text();
  Process launcher(nslaunch({"--leak-grace", "0ms", "--", "bash", "-c",
                             "exec 3< <(exec " + probe_binary() +
                                 " stay $0); read up <&3; echo $NSLAUNCH_ID; read line; exit 5",
                             mark}),
                   registry.options());
  const auto id = launcher.read_line();
  const auto stays = find_processes("stay " + mark);
  REQUIRE(!stays.empty());
  const pid_t leak = stays.back();
  if (::ptrace(PTRACE_SEIZE, leak, nullptr, nullptr) != 0) SKIP_TEST("nothing may be traced here");
  launcher.close_input();
  const auto result = launcher.wait();
  INFO(result.err);
  CHECK(result.status == 5);
  CHECK(result.err.find(fmt::format("traced by pid {}", ::getpid())) != std::string::npos);
  CHECK(registry.ids() == Words{id});
  wait_as_tracer(leak);
  REQUIRE(eventually([&] { return registry.ids().empty(); }));
}

TEST_CASE("an init that is killed while its end is held up is not reported as gone") {
  Held held;
  const pid_t command = held.command();
  REQUIRE(command != 0);
  if (::ptrace(PTRACE_SEIZE, command, nullptr, nullptr) != 0) SKIP_TEST("nothing may be traced here");
  REQUIRE(::kill(held.init, SIGKILL) == 0);
  const auto result = held.launcher.wait();
  INFO(result.err);
  CHECK(result.status == 125);
  CHECK(result.err.find("Every process of the shard is gone") == std::string::npos);
  CHECK(result.err.find(fmt::format("traced by pid {}", ::getpid())) != std::string::npos);
  CHECK(held.registry.ids() == Words{held.id});
  wait_as_tracer(command);
}

TEST_CASE("a held-up end is named and left after five seconds when it was nslaunch that gave up, too") {
  RegistryView registry;
  const auto directory = "/var/tmp/nslaunch-test-" + unique_text();
  const auto mark = unique_text();
  Process launcher(
      nslaunch({"--private", directory, "--", "bash", "-c",
                "exec 3< <(exec " + probe_binary() + " stay $0); read up <&3; echo $NSLAUNCH_ID; cat", mark}),
      registry.options());
  const auto id = launcher.read_line();
  const auto stays = find_processes("stay " + mark);
  REQUIRE(!stays.empty());
  if (::ptrace(PTRACE_SEIZE, stays.back(), nullptr, nullptr) != 0) SKIP_TEST("nothing may be traced here");
  REQUIRE(::rmdir(directory.c_str()) == 0);
  const auto result = launcher.wait();
  INFO(result.err);
  CHECK(result.status == 125);
  CHECK(result.err.find(directory) != std::string::npos);
  CHECK(result.err.find(fmt::format("traced by pid {}", ::getpid())) != std::string::npos);
  CHECK(registry.ids() == Words{id});
  wait_as_tracer(stays.back());
  REQUIRE(eventually([&] { return registry.ids().empty(); }));
}

TEST_CASE("a stopped process does not hold the end up") {
  RegistryView registry;
  const auto mark = unique_text();
  const auto result = run(nslaunch({"--leaks", "ignore", "--leak-grace", "0ms", "--", "bash", "-c",
                                    "bash -c 'kill -STOP $$' $0 & while kill -0 $! && ! grep -q '^State:.T' "
                                    "/proc/$!/status; do :; done",
                                    mark}),
                          registry.options());
  INFO(result.err);
  CHECK(result.status == 0);
  CHECK(result.err.empty());
  CHECK(find_processes(mark).empty());
}

TEST_CASE("at the end -v prints the receipt") {
  RegistryView registry;
  const auto result = run(in_shard("exit 3", {"-v"}), registry.options());
  INFO(result.err);
  CHECK(result.status == 3);
  const std::regex receipt(
      "nslaunch: the command exited with 3 after [0-9.]+m?s; set up in [0-9.]+m?s, torn down in "
      "[0-9.]+m?s; 0 left behind; all processes gone\n$");
  CHECK(std::regex_search(result.err, receipt));
}

}  // namespace
}  // namespace nslaunch::test
