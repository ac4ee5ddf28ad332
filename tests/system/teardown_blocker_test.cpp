#include "inspect/hang/teardown_blocker.hpp"

#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cerrno>
#include <csignal>
#include <functional>

#include "support/holder.hpp"
#include "support/namespaces.hpp"
#include "support/process.hpp"
#include "support/skip.hpp"
#include "sys/base/check.hpp"
#include "sys/base/clock.hpp"
#include "sys/base/files.hpp"
#include "sys/process/pidfd.hpp"
#include "sys/process/procfs.hpp"

namespace {

using namespace nslaunch;
using inspect::find_teardown_blocker;
using test::start_and_prepare;

constexpr std::chrono::seconds kLimit{20};

void call_myself(const char* name) {
  ::prctl(PR_SET_NAME, name);
}

void await_stop(pid_t child) {
  siginfo_t info = {};
  sys::check(::waitid(P_PID, static_cast<id_t>(child), &info, WSTOPPED | WNOWAIT), "waiting for a stop");
}

sys::Pidfd open_pidfd(pid_t pid) {
  auto pidfd = sys::Pidfd::open(pid);
  if (!pidfd) throw std::runtime_error(fmt::format("pid {} is gone", pid));
  return std::move(*pidfd);
}

/// A PID namespace whose init has one child; seen from outside.
class BlockedShard {
 public:
  explicit BlockedShard(const std::function<void()>& child = [] { call_myself("member"); }) {
    auto ready = sys::make_pipe();
    init_ = static_cast<pid_t>(
        sys::check(::syscall(SYS_clone, CLONE_NEWPID | SIGCHLD, nullptr, nullptr, nullptr, 0), "cloning"));
    if (init_ == 0) run_init(ready, child);
    ready.write.reset();
    char byte = 0;
    if (::read(ready.read.get(), &byte, 1) != 1) throw std::runtime_error("the shard did not start");
    pidfd_ = open_pidfd(init_);
    inode_ = sys::namespace_inode(init_, "pid");
  }

  pid_t init() const { return init_; }
  std::string teardown_blocker() const { return find_teardown_blocker(init_, inode_); }
  void kill() const { pidfd_.send_signal(SIGKILL); }
  bool has_ended() const { return pidfd_.has_ended(); }
  bool ends() const { return pidfd_.wait_for_end(kLimit); }

  /// The pid, out here, of the only child of init.
  pid_t member() const {
    const auto children = test::children_of(init_);
    if (!children.empty()) return children.front();
    throw std::runtime_error("the shard has no member");
  }

 private:
  [[noreturn]] static void run_init(sys::Pipe& ready, const std::function<void()>& child) {
    call_myself("init");
    start_and_prepare(child);
    sys::write_all(ready.write.get(), "x");
    ready.write.reset();
    for (;;) ::pause();
  }

  pid_t init_ = 0;
  sys::Pidfd pidfd_;
  std::uint64_t inode_ = 0;
};

/// The launcher's side, in namespaces of its own so that nothing of a failed test stays behind.
std::string as_launcher(const std::function<std::string()>& body) {
  auto text = test::in_new_namespaces(CLONE_NEWPID | CLONE_NEWNS,
                                      [&] { return test::mount_proc() ? body() : std::string("no /proc"); });
  if (text == "no /proc") SKIP_TEST("a fresh /proc can't be mounted here");
  return text;
}

std::string ending(const BlockedShard& shard) {
  return shard.ends() ? "; then it ended" : "; it never ended";
}

/// Enters the shard's PID namespace and leaves a child there, as nsenter would.
pid_t enter(const BlockedShard& shard, pid_t& entered) {
  auto answer = sys::make_pipe();
  const pid_t parent = start_and_prepare([&] {
    call_myself("parent");
    const auto ns = sys::open_file(fmt::format("/proc/{}/ns/pid", shard.init()), O_RDONLY);
    sys::check(::setns(ns.get(), CLONE_NEWPID), "entering");
    const pid_t child = start_and_prepare([] { call_myself("entered"); });
    sys::check(::write(answer.write.get(), &child, sizeof child), "answering");
  });
  sys::check(::read(answer.read.get(), &entered, sizeof entered), "reading");
  ::kill(parent, SIGSTOP);
  await_stop(parent);
  return parent;
}

/// "as expected" where the one process that simply has not ended is named, also beside one that `others` is.
std::string found_beside_an_idle_member(const test::Words& others = {"echo", "held"}) {
  return as_launcher([&] {
    test::Process other(others);
    if (const auto said = other.read_line(); !said.starts_with("held")) return said;
    const BlockedShard shard;
    const auto expected = fmt::format("pid {} (member) has not ended yet and is sleeping", shard.member());
    const bool seen = test::eventually([&] { return shard.teardown_blocker() == expected; });
    return seen ? "as expected" : shard.teardown_blocker();
  });
}

}  // namespace

TEST_CASE("a stopped tracer that holds a shard's end up is named", "[teardown_blocker]") {
  CHECK(as_launcher([] {
          const BlockedShard shard;
          const pid_t member = shard.member();
          const pid_t tracer = start_and_prepare([&] {
            call_myself("tracer");
            sys::check(::ptrace(PTRACE_SEIZE, member, nullptr, nullptr), "tracing");
          });
          ::kill(tracer, SIGSTOP);
          await_stop(tracer);
          shard.kill();
          const auto pidfd = open_pidfd(member);
          if (!pidfd.wait_for_end(kLimit)) return std::string("the member did not die");
          std::string text = shard.teardown_blocker();
          if (shard.has_ended()) text += "; it was not held up";
          ::kill(tracer, SIGKILL);
          const std::string expected =
              fmt::format("pid {} (member) is traced by pid {} (tracer), which is stopped", member, tracer);
          return (text == expected ? "as expected" : text) + ending(shard);
        }) == "as expected; then it ended");
}

TEST_CASE("a parent outside that does not reap what it left in the shard is named", "[teardown_blocker]") {
  CHECK(
      as_launcher([] {
        const BlockedShard shard;
        pid_t entered = 0;
        const pid_t parent = enter(shard, entered);
        const auto pidfd = open_pidfd(entered);
        shard.kill();
        if (!pidfd.wait_for_end(kLimit)) return std::string("the process that entered did not die");
        std::string text = shard.teardown_blocker();
        if (shard.has_ended()) text += "; it was not held up";
        ::kill(parent, SIGKILL);
        // What it left is ours now, since we are this namespace's init.
        for (const pid_t child : {parent, entered}) ::waitpid(child, nullptr, 0);
        const std::string expected = fmt::format(
            "pid {} (entered) has ended and is not reaped by its parent outside the shard, pid {} (parent), "
            "which is stopped",
            entered, parent);
        return (text == expected ? "as expected" : text) + ending(shard);
      }) == "as expected; then it ended");
}

TEST_CASE("a process in uninterruptible sleep is named", "[teardown_blocker]") {
  CHECK(as_launcher([] {
          // A process waits uninterruptibly for the child of its vfork.
          auto waiting = sys::make_pipe();
          const BlockedShard shard([&] {
            call_myself("sleeper");
            test::fork_child([&]() -> int {
              call_myself("vforker");
              const auto child = ::syscall(SYS_clone, CLONE_VFORK | SIGCHLD, nullptr, nullptr, nullptr, 0);
              if (child != 0) return 0;
              call_myself("vforked");
              for (char state = 'R'; state != 'D'; ::sched_yield()) {
                // The parent's pid is the shard's and /proc is not: look through every process.
                for (const pid_t pid : sys::all_pids())
                  if (const auto stat = sys::read_stat(pid); stat && stat->comm == "vforker")
                    state = stat->state;
              }
              sys::write_all(waiting.write.get(), "x");
              for (;;) ::pause();
            });
          });
          char byte = 0;
          sys::check(::read(waiting.read.get(), &byte, 1), "reading");
          const std::string text = shard.teardown_blocker();
          return text.substr(text.find('('), text.find(" (", text.find('(')) - text.find('('));
        }) == "(vforker) is in uninterruptible sleep");
}

TEST_CASE("a process frozen by a version 1 cgroup is named", "[teardown_blocker]") {
  const std::string cgroup = "/sys/fs/cgroup/freezer/nslaunch-test-" + std::to_string(::getpid());
  if (::mkdir(cgroup.c_str(), 0700) != 0) SKIP_TEST("needs root and a version 1 freezer cgroup");
  const auto set_state = [&](const char* state) {
    return sys::write_file((cgroup + "/freezer.state").c_str(), state);
  };
  const auto text = as_launcher([&] {
    const BlockedShard shard;
    const pid_t member = shard.member();
    sys::check(-sys::write_file((cgroup + "/cgroup.procs").c_str(), std::to_string(member)), "moving");
    sys::check(-set_state("FROZEN"), "freezing");
    const sys::Deadline deadline(kLimit);
    while (sys::read_file((cgroup + "/freezer.state").c_str()) != "FROZEN\n" && !deadline.passed())
      ::sched_yield();
    shard.kill();
    std::string found = shard.teardown_blocker();
    if (shard.has_ended()) found += "; it was not held up";
    set_state("THAWED");
    const std::string expected = fmt::format("pid {} (member) is frozen by a cgroup", member);
    return (found == expected ? "as expected" : found) + ending(shard);
  });
  set_state("THAWED");
  while (::rmdir(cgroup.c_str()) != 0 && errno == EBUSY) ::sched_yield();
  CHECK(text == "as expected; then it ended");
}

TEST_CASE("a process that simply has not ended is named last of all", "[teardown_blocker]") {
  CHECK(found_beside_an_idle_member() == "as expected");
}

TEST_CASE("a process of another shard that lets nobody look at it hides no other that holds up an end",
          "[teardown_blocker]") {
  const test::Holder holder;
  // In a PID namespace as deep as the shard's.
  const auto text = found_beside_an_idle_member(
      {"sh", "-c", "exec unshare --pid --fork --kill-child " + holder.command("hold-exec")});
  if (text.starts_with("no: ")) SKIP_TEST(text.c_str());
  CHECK(text == "as expected");
}

TEST_CASE("where nothing is left to be seen no process is named", "[teardown_blocker]") {
  CHECK(find_teardown_blocker(0x3fffffff, 1) == "no process that can be seen");
}
