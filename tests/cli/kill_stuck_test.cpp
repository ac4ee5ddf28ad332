#include <sched.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>

#include "support/namespaces.hpp"
#include "support/process.hpp"
#include "support/registry_scene.hpp"
#include "support/skip.hpp"
#include "sys/base/check.hpp"
#include "sys/base/clock.hpp"
#include "sys/base/files.hpp"
#include "sys/process/identity.hpp"
#include "sys/process/procfs.hpp"

// Shards that SIGKILL does not end.
namespace nslaunch::test {
namespace {

/// Init of a PID namespace; whoever traces its only member is stopped, and so keeps it from its end.
pid_t start_stuck() {
  auto ready = sys::make_pipe();
  const auto init = static_cast<pid_t>(
      sys::check(::syscall(SYS_clone, CLONE_NEWPID | SIGCHLD, nullptr, nullptr, nullptr, 0), "cloning"));
  if (init == 0) {
    start_and_prepare([] {});
    sys::write_all(ready.write.get(), "x");
    for (;;) ::pause();
  }
  char byte = 0;
  sys::check(::read(ready.read.get(), &byte, 1), "waiting for it");
  for (const pid_t member : sys::all_pids()) {
    const auto stat = sys::read_stat(member);
    if (!stat || stat->parent != init) continue;
    const pid_t tracer = start_and_prepare(
        [member] { sys::check(::ptrace(PTRACE_SEIZE, member, nullptr, nullptr), "tracing"); });
    sys::check(::kill(tracer, SIGSTOP), "stopping");
    return init;
  }
  throw std::runtime_error("it has no member");
}

/// The records of so many shards, which all have it as their launcher.
std::vector<registry::PublishedRecord> publish_shards_of(pid_t launcher, int count) {
  std::vector<registry::PublishedRecord> shards;
  for (int number = 0; number < count; ++number) {
    auto record = make_record(fmt::format("stuck{}", number));
    record.launcher = sys::identify(launcher, sys::Pidfd::open(launcher).value());
    shards.push_back(publish(record));
    shards.back().set_state(ShardState::kRunning);
  }
  return shards;
}

sys::Clock::duration time_of(Words words) {
  words.insert(words.begin(), "kill");
  const auto start = sys::Clock::now();
  const auto told = run(nslaunch(std::move(words)));
  if (told.status != 125 || told.err.find("has not ended") == std::string::npos)
    throw std::runtime_error("not stuck: " + told.err);
  return sys::Clock::now() - start;
}

}  // namespace

TEST_CASE("kill waits for several shards that don't end as long as for one") {
  const auto seen = in_new_namespaces(CLONE_NEWPID | CLONE_NEWNS, [] {
    if (!mount_proc()) return std::string("no /proc");
    const StateDir state;
    const auto shards = publish_shards_of(start_stuck(), 4);
    const auto one = time_of({"--signal", "KILL", "stuck0"});
    const auto killed = time_of({"--signal", "KILL", "stuck0", "stuck1", "stuck2", "stuck3"});
    const auto with_grace = time_of({"--grace", "10ms", "stuck0", "stuck1", "stuck2", "stuck3"});
    return fmt::format("{} {}", killed < 3 * one, with_grace < 3 * one);
  });
  if (seen == "no /proc") SKIP_TEST("a fresh /proc can't be mounted here");
  CHECK(seen == "true true");
}

}  // namespace nslaunch::test
