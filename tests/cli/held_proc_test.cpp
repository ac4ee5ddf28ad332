#include <sched.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <csignal>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>

#include "support/holder.hpp"
#include "support/live_shard.hpp"
#include "support/namespaces.hpp"
#include "support/privilege_modes.hpp"
#include "support/process.hpp"
#include "support/registry_scene.hpp"
#include "support/registry_view.hpp"
#include "support/skip.hpp"
#include "support/somebody.hpp"
#include "sys/base/check.hpp"
#include "sys/process/procfs.hpp"

// K66: a process's directory in /proc is one whose lock anybody can hold.
namespace nslaunch::test {
namespace {

using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

constexpr std::chrono::seconds kLongestLook{20};

/// A process the lock of whose directory somebody holds.
class HeldProcess {
 public:
  HeldProcess(const Holder& holder, pid_t pid)
      : holding_({"sh", "-c", "exec " + holder.command("hold-directory", "/proc/" + std::to_string(pid))},
                 as_somebody()) {
    const auto said = holding_.read_line();
    if (!said.starts_with("held")) throw std::runtime_error(said);
    writer_.emplace(Words{"mkdir", fmt::format("/proc/{}/written", pid)}, as_somebody());
    const auto waits = [&] {
      return sys::read_stat(writer_->pid()).value_or(sys::ProcessStat{}).state == 'D';
    };
    if (!eventually(waits)) throw std::runtime_error("nobody waits for the lock");
  }
  /// First: nothing else ends who waits for the lock. The group is of the file system's server, too.
  ~HeldProcess() { ::kill(-holding_.pid(), SIGKILL); }

 private:
  static StartOptions as_somebody() {
    StartOptions options;
    options.prepare = [] { become(kSomebody); };
    return options;
  }

  Process holding_;
  std::optional<Process> writer_;
};

/// What `scene` returns where there are no other processes.
std::string among_own_processes(const std::function<std::string(const Holder&)>& scene) {
  if (::geteuid() != 0) SKIP_TEST("needs root, which looks at all processes");
  const Holder holder;
  // Of a PID namespace nothing is left, whatever waits for what.
  const auto seen = in_new_namespaces(CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET, [&] {
    bring_loopback_up();
    return mount_proc() ? in_private_mounts([&] { return scene(holder); })
                        : "exception: no: no /proc can be mounted here";
  });
  if (seen.starts_with("exception: no: ")) SKIP_TEST(seen.c_str());
  return seen;
}

/// What `look` returns where there is such a one of somebody's.
std::string beside_held_process(const std::function<std::string()>& look) {
  return among_own_processes([&](const Holder& holder) {
    const IdleProcess idle([] { become(kSomebody); });
    const HeldProcess held(holder, idle.pid());
    return look();
  });
}

std::string end_in_words(const Result& result) {
  return fmt::format("{} {}{}", result.status, result.out, result.err);
}

}  // namespace

TEST_CASE("a user who holds the lock of a process's directory in /proc holds up no look of root's") {
  const Words words = GENERATE(Words{"list"}, Words{"list", "--all"}, Words{"inspect"}, Words{"ports"});
  CAPTURE(words);
  const auto seen = beside_held_process([&] {
    const RegistryView registry;
    LiveShard shard(registry);
    Words look = words;
    if (words.front() != "list") look.push_back(shard.id);
    return end_in_words(Process(nslaunch(look), registry.options()).wait(kLongestLook)) + shard.id;
  });
  CHECK_THAT(seen, StartsWith("0 "));
  if (words.front() != "ports") CHECK_THAT(seen, Contains("cat"));
}

TEST_CASE("a user who holds the lock of a process's directory in /proc holds up no time limit of root's") {
  const auto seen = beside_held_process([&] {
    Process launcher(in_shard("exec sleep 1000", {"--timeout", "1s", "--dump-signal", "USR2"}));
    return end_in_words(launcher.wait(kLongestLook));
  });
  CHECK_THAT(seen, StartsWith("124 "));
}

TEST_CASE(
    "a user who holds the directory of his shard's init in /proc holds up no look of root's, before Linux "
    "6.13 "
    "too") {
  const bool is_old_kernel = GENERATE(false, true);
  const Words words =
      GENERATE(Words{"list", "--all"}, Words{"kill", "-s", "CONT", "theirs"},
               Words{"exec", "theirs", "--", "true"}, Words{"wait", "--timeout", "1ms", "theirs"},
               Words{"inspect", "theirs"}, Words{"ports", "theirs"}, Words{"reap", "--all"});
  CAPTURE(is_old_kernel, words);
  const auto seen = among_own_processes([&](const Holder& holder) {
    ::unsetenv("XDG_RUNTIME_DIR");
    ::unsetenv("NSLAUNCH_STATE_DIR");
    const IdleProcess theirs([] {
      become(kSomebody);
      auto record = make_record("theirs");
      record.init = record.launcher;
      static auto kept = publish(record);  // till this process ends
      kept.set_state(ShardState::kRunning);
    });
    const HeldProcess held(holder, theirs.pid());
    StartOptions options;
    if (is_old_kernel) options.prepare = filter_owners_of_pidfds;
    return end_in_words(Process(nslaunch(words), options).wait(kLongestLook));
  });
  CHECK_THAT(seen, !StartsWith("exception"));
  if (words.front() == "list") CHECK_THAT(seen, StartsWith("0 theirs"));
}

TEST_CASE("a shard whose init's directory in /proc is held by a user is not shown as one without processes") {
  const Words words = GENERATE(Words{"inspect"}, Words{"ports"});
  CAPTURE(words);
  const auto seen = among_own_processes([&](const Holder& holder) {
    const RegistryView registry;
    const LiveShard shard(registry);
    const HeldProcess held(holder, children_of(shard.launcher.pid()).front());
    return end_in_words(Process(nslaunch({words.front(), shard.id}), registry.options()).wait(kLongestLook));
  });
  CHECK_THAT(seen, StartsWith("125 nslaunch: looking at a shard's processes") && Contains("try again"));
}

TEST_CASE(
    "a shard whose init's directory in /proc is held is inspected, whatever has been looked up there "
    "before") {
  const auto seen = among_own_processes([&](const Holder& holder) {
    const RegistryView registry;
    const LiveShard shard(registry);
    const auto directory = fmt::format("/proc/{}/", children_of(shard.launcher.pid()).front());
    // What the kernel has looked up once it finds without the lock.
    for (const char* name : {"stat", "status", "cmdline", "wchan", "ns", "ns/net", "fd", "root", "io"})
      ::access((directory + name).c_str(), F_OK);
    const HeldProcess held(holder, children_of(shard.launcher.pid()).front());
    return end_in_words(Process(nslaunch({"inspect", shard.id}), registry.options()).wait(kLongestLook));
  });
  CHECK_THAT(seen, StartsWith("0 ") && Contains("cat"));
}

}  // namespace nslaunch::test
