#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <optional>

#include "inspect/hang/standstill.hpp"
#include "support/live_shard.hpp"
#include "support/pty.hpp"
#include "support/registry_scene.hpp"
#include "support/skip.hpp"
#include "support/somebody.hpp"
#include "sys/base/check.hpp"
#include "sys/process/procfs.hpp"

namespace nslaunch::test {
namespace {

using Catch::Matchers::Contains;

pid_t init_of(const RegistryView& registry) {
  return registry.shards().at(0).at("init_pid").get<pid_t>();
}

bool has_state(pid_t pid, char state) {
  return eventually([&] {
    const auto stat = sys::read_stat(pid);
    return stat && stat->state == state;
  });
}

void stop(pid_t pid) {
  REQUIRE(::kill(pid, SIGSTOP) == 0);
  REQUIRE(has_state(pid, 'T'));
}

/// Types the command that the advice ends with.
void follow_advice(const std::string& said) {
  const auto start = said.find("lets it go on: ") != std::string::npos ? said.find("lets it go on: ") + 15
                                                                       : said.find("let it go on: ") + 14;
  REQUIRE(start >= 14);
  const auto line = said.substr(start, said.find_first_of("\r\n", start) - start);
  INFO(line);
  CHECK(run({"sh", "-c", line}).status == 0);
}

bool serves(const RegistryView& registry, const std::string& id) {
  return registry.ask({"exec", id, "--", "echo", "served"}).out == "served\n";
}

}  // namespace

TEST_CASE("every command names an init that is stopped, and what it says lets it go on") {
  const RegistryView registry;
  const LiveShard live(registry);
  const auto init = init_of(registry);
  const Words commands[] = {{"exec", live.id, "--", "true"},
                            {"inspect", live.id},
                            {"inspect", "--json", live.id},
                            {"ports", live.id},
                            {"kill", "--signal", "WINCH", live.id}};
  for (const auto& command : commands) {
    INFO(command.front());
    stop(init);
    const auto told = registry.ask(command);
    CHECK(told.status == (command.front() == "exec" ? 125 : 0));
    CHECK_THAT(told.err, Contains(fmt::format("pid {} (shard-init) is stopped by a signal", init)));
    follow_advice(told.err);
    REQUIRE((has_state(init, 'S') && serves(registry, live.id)));
  }
}

TEST_CASE("exec names who traces an init, and what it says lets it go on") {
  const RegistryView registry;
  const LiveShard live(registry);
  const auto init = init_of(registry);
  std::optional<IdleProcess> tracer;
  try {
    tracer.emplace([&] {
      sys::check(::ptrace(PTRACE_SEIZE, init, nullptr, nullptr), "tracing");
      sys::check(::ptrace(PTRACE_INTERRUPT, init, nullptr, nullptr), "stopping");
      siginfo_t stopped = {};
      sys::check(::waitid(P_PID, static_cast<id_t>(init), &stopped, WSTOPPED | __WALL), "waiting for it");
    });
  } catch (const std::runtime_error&) {
    SKIP_TEST("nothing may be traced here");
  }
  const auto told = registry.ask({"exec", live.id, "--", "true"});
  CHECK(told.status == 125);
  CHECK_THAT(told.err, Contains(fmt::format("is held by its tracer, pid {} (", tracer->pid())));
  follow_advice(told.err);
  CHECK(eventually([&] { return tracer->has_ended(); }));
  CHECK(serves(registry, live.id));
}

TEST_CASE("who is made a tracer by a process of another user's is not advised to be killed") {
  if (::geteuid() != 0) SKIP_TEST("needs root, of whom others are");
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    become(kSomebody);
    ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
    ::raise(SIGSTOP);
    ::_exit(0);
  }
  siginfo_t stopped = {};
  REQUIRE(::waitid(P_PID, static_cast<id_t>(child), &stopped, WSTOPPED | WNOWAIT) == 0);
  REQUIRE(stopped.si_code == CLD_TRAPPED);
  const auto standstill = inspect::standstill_of(child);
  REQUIRE(standstill);
  CHECK_THAT(standstill->what,
             Contains(fmt::format("tracer, pid {} (", ::getpid())) && Contains("another user's"));
  const auto advice = standstill->remedy.substr(standstill->remedy.rfind(": ") + 2);
  CHECK(advice == fmt::format("kill -KILL {}", child));
  CHECK(run({"sh", "-c", advice}).status == 0);
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK((WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL));
}

TEST_CASE("port-forward names an init that is stopped, and resets its clients") {
  const RegistryView registry;
  const LiveShard live(registry);
  const auto init = init_of(registry);
  Process forward(nslaunch({"port-forward", live.id, "0:80"}), registry.options());
  const auto line = forward.read_line();
  const auto port = line.substr(line.find(':') + 1, line.find('\t') - line.find(':') - 1);
  stop(init);
  run({"bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/" + port + "; read -r -t 20 line <&3"});
  forward.send_signal(SIGINT);
  const auto told = forward.wait();
  CHECK(told.signal == SIGINT);
  CHECK_THAT(told.err, Contains(fmt::format("pid {} (shard-init) is stopped by a signal", init)));
  follow_advice(told.err);
  CHECK(serves(registry, live.id));
}

TEST_CASE("a launcher whose Ctrl-C its init does not see says so, and what lets it go on") {
  const RegistryView registry;
  PtySession session(in_shard("trap : INT; echo $NSLAUNCH_ID up; while :; do sleep 1000; done"),
                     registry.options());
  session.expect("up");
  REQUIRE(eventually([&] { return registry.shards().at(0).at("state") == "running"; }));
  const auto init = init_of(registry);
  stop(init);
  session.send("\003");
  CHECK_THAT(session.read_until("let it go on: "),
             Contains(fmt::format("pid {} (shard-init) is stopped by a signal", init)));
  follow_advice("let it go on: " + session.read_until("\n"));
  CHECK(serves(registry, registry.ids().at(0)));
}

TEST_CASE("a launcher that is sent a signal which its init does not take says so") {
  const RegistryView registry;
  Words words = {"sh", "-c", "exec \"$@\" 2>&1", "sh"};
  const auto launch = in_shard("trap 'exit 3' USR1; echo up; while :; do sleep 0.1; done");
  words.insert(words.end(), launch.begin(), launch.end());
  Process launcher(words, registry.options());
  REQUIRE(launcher.read_line() == "up");
  REQUIRE(eventually([&] { return registry.shards().at(0).at("state") == "running"; }));
  const auto init = init_of(registry);
  stop(init);
  launcher.send_signal(SIGUSR1);
  const auto said = launcher.read_line();
  CHECK_THAT(said,
             Contains(fmt::format("does not answer: pid {} (shard-init) is stopped by a signal", init)));
  follow_advice(launcher.read_line());
  CHECK(launcher.wait().status == 3);
}

}  // namespace nslaunch::test
