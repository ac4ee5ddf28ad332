#include <sched.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <stdexcept>
#include <string>

#include "registry/record/published_record.hpp"
#include "support/holder.hpp"
#include "support/namespaces.hpp"
#include "support/privilege_modes.hpp"
#include "support/process.hpp"
#include "support/registry_scene.hpp"
#include "support/skip.hpp"
#include "support/somebody.hpp"
#include "sys/base/check.hpp"
#include "sys/process/identity.hpp"
#include "sys/process/procfs.hpp"

// What root has to do with another user's record that names a process which keeps whoever looks at it
// waiting.
namespace nslaunch::test {
namespace {

using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

constexpr std::chrono::seconds kLimitOfOne{20};

struct Scene {
  bool has_inode = true;  ///< the init in the record
  ShardState state = ShardState::kRunning;
};

void add_start_time(ProcessIdentity& identity) {
  identity.start_ticks = sys::read_stat(identity.pid).value().start_ticks;
}

/// A process of somebody's, which has published shard "theirs".
void publish_held_init(const Holder& holder, const Scene& scene) {
  become(kSomebody);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // which that has taken back
  const auto directory = fmt::format("/tmp/nslaunch-{}", kSomebody);
  sys::check(::mkdir(directory.c_str(), 0700), "making {}", directory);
  static Process init(
      {"sh", "-c", "read line; exec " + holder.command("hold-exec")});  // till this process ends
  auto record = make_record("theirs");
  record.init = sys::identify(init.pid(), init.pidfd());
  add_start_time(record.init);
  add_start_time(record.launcher);
  if (!scene.has_inode) record.init.pidfd_inode = 0;
  init.write_input("go\n");
  const auto heard = init.read_line();
  if (!heard.starts_with("held")) throw std::runtime_error(heard);
  static auto kept = publish(record);
  kept.set_state(scene.state);
}

/// How it ends for root, and what it says, where that shard is the only one.
std::string seen_by_root(const Scene& scene, const Words& words, const std::function<void()>& prepare = {}) {
  if (::geteuid() != 0) SKIP_TEST("needs root, which alone acts for other users");
  const Holder holder;
  const auto look = [&] {
    ::unsetenv("XDG_RUNTIME_DIR");
    ::unsetenv("NSLAUNCH_STATE_DIR");
    const IdleProcess theirs([&] { publish_held_init(holder, scene); });
    StartOptions options;
    options.prepare = prepare;
    Process looker(nslaunch(words), options);
    const auto result = looker.wait(kLimitOfOne);
    return fmt::format("{} {}{}", result.status, result.out, result.err);
  };
  // Of a PID namespace nothing is left, whatever waits for what.
  return in_new_namespaces(CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET, [&] {
    bring_loopback_up();
    return mount_proc() ? in_private_mounts(look) : "no /proc can be mounted here";
  });
}

}  // namespace

TEST_CASE(
    "another user's record with an init that lets nobody look at it, and no inode, leads root nowhere") {
  const bool before_pidfs = GENERATE(false, true);
  const auto [words, end, said] = GENERATE(table<Words, std::string, std::string>({
      {{"list", "--all"}, "0 theirs", "running"},
      {{"inspect", "theirs"}, "125 ", "looking into shard theirs: No such process"},
      {{"ports", "theirs"}, "125 ", "looking into shard theirs: No such process"},
      {{"exec", "theirs", "--", "true"}, "125 ", "reaching shard theirs: No such process"},
      {{"port-forward", "theirs", "0:9926"}, "125 ", "reaching shard theirs: No such process"},
      {{"wait", "--timeout", "1ms", "theirs"}, "124 ", "shard theirs has not ended"},
      {{"kill", "--signal", "CONT", "theirs"}, "0 ", "shard theirs is user"},
  }));
  CAPTURE(before_pidfs, words);
  const bool needs_init = end == "125 ";  // which an old kernel can tell from others by a look alone
  const std::string kept_waiting = "looking at a process of user 54321: Connection timed out";
  CHECK_THAT(seen_by_root({.has_inode = false}, words, before_pidfs ? filter_pidfs : nullptr),
             StartsWith(end) && Contains(before_pidfs && needs_init ? kept_waiting : said));
}

TEST_CASE("a shard of another user's whose init lets nobody look at it holds up no look of root's") {
  const Words words = GENERATE(Words{"inspect", "theirs"}, Words{"ports", "theirs"});
  CAPTURE(words);
  for (const auto state : {ShardState::kRunning, ShardState::kStarting}) {
    CHECK_THAT(seen_by_root({.state = state}, words),
               StartsWith("125 ") &&
                   Contains("joining the shard's network namespace: Connection timed out") &&
                   Contains("lets nobody look at the shard's init"));
  }
}

TEST_CASE("what can be seen of another user's shard whose init lets nobody look at it is shown to root") {
  CHECK_THAT(seen_by_root({}, {"list", "--all"}), StartsWith("0 theirs"));
  CHECK_THAT(seen_by_root({}, {"inspect", "--autopsy", "theirs"}),
             StartsWith("0 shard    theirs") && Contains("they can't be seen: joining"));
}

}  // namespace nslaunch::test
