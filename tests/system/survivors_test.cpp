#include "inspect/leaks/survivors.hpp"

#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <functional>
#include <thread>

#include "support/listeners.hpp"
#include "support/namespaces.hpp"
#include "support/skip.hpp"
#include "support/temp_dir.hpp"
#include "sys/base/check.hpp"
#include "sys/base/files.hpp"
#include "sys/process/channel.hpp"
#include "sys/process/procfs.hpp"

namespace {

using namespace nslaunch;
using inspect::find_survivors;
using test::start_and_prepare;

enum class Proc { kFresh, kOuter };

/// Runs `body` as the init of a new PID and network namespace, with a /proc of its own or the outer one.
std::string as_init(Proc proc, const std::function<std::string()>& body) {
  auto text = test::in_new_namespaces(CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET, [&]() -> std::string {
    if (proc == Proc::kFresh && !test::mount_proc()) return "no /proc";
    test::bring_loopback_up();
    return body();
  });
  if (text == "no /proc") SKIP_TEST("a fresh /proc can't be mounted here");
  return text;
}

/// pid, parent and listening addresses of each survivor, pids by the names given.
std::string describe(const std::vector<Leak>& leaks,
                     const std::vector<std::pair<pid_t, std::string>>& names) {
  const auto name_of = [&](pid_t pid) {
    const auto known =
        std::find_if(names.begin(), names.end(), [&](const auto& n) { return n.first == pid; });
    return known == names.end() ? "pid " + std::to_string(pid) : known->second;
  };
  std::string text;
  for (const auto& leak : leaks) {
    text += name_of(leak.pid) + " of " + name_of(leak.parent_pid);
    for (const auto& address : leak.listening) text += ", " + address;
    text += "\n";
  }
  return text;
}

std::string survivors(const std::vector<std::pair<pid_t, std::string>>& names) {
  std::size_t total = 0;
  const auto leaks = find_survivors({}, 10, total);
  return describe(leaks, names) + fmt::format("total {}\n", total);
}

void wait_for_zombie(pid_t child) {
  siginfo_t info = {};
  sys::check(::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT), "waiting for a zombie");
}

/// Ends the first thread and leaves another; `ended` is called once the first one is a zombie.
[[noreturn]] void end_first_thread(const std::function<void()>& ended) {
  std::thread([=] {
    for (char state = 'R'; state != 'Z'; ::sched_yield())
      if (const auto stat = sys::parse_stat(sys::read_file("/proc/self/stat").value_or("")))
        state = stat->state;
    ended();
    for (;;) ::pause();
  }).detach();
  for (;;) ::syscall(SYS_exit, 0);  // pthread_exit would unwind through the test framework
}

}  // namespace

TEST_CASE("a server that survived is accounted for with everything that it listens on", "[survivors]") {
  const auto proc = GENERATE(Proc::kFresh, Proc::kOuter);
  const test::TempDir directory;
  const std::string path = directory / "server.sock";
  CHECK(as_init(proc,
                [&] {
                  std::vector<sys::Fd> open;
                  const pid_t server = start_and_prepare([&] {
                    open.push_back(test::listen_tcp("127.0.0.1", 9926));
                    open.push_back(sys::Fd(::dup(open.front().get())));
                    open.push_back(test::listen_tcp("::", 1883));
                    open.push_back(test::bind_udp("0.0.0.0", 5353));
                    open.push_back(test::listen_unix(path));
                    open.push_back(test::listen_unix("@nslaunch-test"));
                    open.push_back(test::connect_tcp("127.0.0.1", 9926));
                    open.push_back(sys::make_channel().first);
                  });
                  std::size_t total = 0;
                  auto leaks = find_survivors({}, 10, total);
                  for (auto& leak : leaks) std::sort(leak.listening.begin(), leak.listening.end());
                  return describe(leaks, {{server, "server"}, {::getpid(), "init"}});
                }) == "server of init, 127.0.0.1:9926, [::]:1883, udp 0.0.0.0:5353, unix:" + path +
                          ", unix:@nslaunch-test\n");
}

TEST_CASE("where /proc can't be read, how many survive is unknown", "[survivors]") {
  CHECK(as_init(Proc::kFresh, [] {
          const rlimit none = {0, 0};
          sys::check(::setrlimit(RLIMIT_NOFILE, &none), "setting a limit");
          std::size_t total = 0;
          find_survivors({}, 10, total);
          return std::string(total == inspect::kUnknownTotal ? "unknown" : "known");
        }) == "unknown");
}

TEST_CASE("a survivor's age and raw command line are told", "[survivors]") {
  const auto proc = GENERATE(Proc::kFresh, Proc::kOuter);
  CHECK(as_init(proc, [] {
          auto ready = sys::make_pipe();
          const pid_t child = test::fork_child([&] {
            ::dup2(ready.write.get(), STDOUT_FILENO);
            ::execlp("sh", "sh", "-c", "echo ready; exec >&-; read forever </dev/zero", "one two", "\x1b[31m",
                     nullptr);
            return 127;
          });
          char line[6];
          if (::read(ready.read.get(), line, sizeof line) != sizeof line) return std::string("no sh");
          std::size_t total = 0;
          const auto leaks = find_survivors({}, 10, total);
          if (leaks.size() != 1 || leaks[0].pid != child) return fmt::format("{} leaks", leaks.size());
          const bool age_is_right = leaks[0].age.count() >= 0 && leaks[0].age < std::chrono::seconds{30};
          return leaks[0].command_line + (age_is_right ? "" : " age is wrong");
        }) == "sh -c echo ready; exec >&-; read forever </dev/zero one two \x1b[31m");
}

TEST_CASE("a daemon that forked twice into its own session is found as init's child", "[survivors]") {
  const auto proc = GENERATE(Proc::kFresh, Proc::kOuter);
  CHECK(as_init(proc, [] {
          auto ready = sys::make_pipe();
          const pid_t middle = test::fork_child([&] {
            ::setsid();
            test::fork_child([&]() -> int {
              const auto listener = test::listen_tcp("127.0.0.1", 9925);
              const pid_t own = ::getpid();
              if (::write(ready.write.get(), &own, sizeof own) != sizeof own) return 1;
              for (;;) ::pause();
            });
            return 0;
          });
          pid_t daemon = 0;
          sys::check(::read(ready.read.get(), &daemon, sizeof daemon), "reading the daemon's pid");
          sys::check(::waitpid(middle, nullptr, 0), "waiting");
          return survivors({{daemon, "daemon"}, {1, "init"}});
        }) == "daemon of init, 127.0.0.1:9925\ntotal 1\n");
}

TEST_CASE("a zombie is no survivor, a process whose first thread has ended is one", "[survivors]") {
  const auto proc = GENERATE(Proc::kFresh, Proc::kOuter);
  CHECK(as_init(proc, [] {
          wait_for_zombie(test::fork_child([] { return 0; }));
          auto ready = sys::make_pipe();
          const pid_t threaded = test::fork_child([&]() -> int {
            end_first_thread([fd = ready.write.get()] { sys::check(::write(fd, "x", 1), "writing"); });
          });
          char byte = 0;
          sys::check(::read(ready.read.get(), &byte, 1), "reading");
          return survivors({{threaded, "threaded"}, {1, "init"}});
        }) == "threaded of init\ntotal 1\n");
}

TEST_CASE("only the first survivors are described, by pid, and all are counted", "[survivors]") {
  const auto proc = GENERATE(Proc::kFresh, Proc::kOuter);
  CHECK(as_init(proc, [] {
          std::vector<pid_t> started;
          for (int i = 0; i < 5; ++i) started.push_back(start_and_prepare([] {}));
          std::size_t total = 0;
          const auto leaks = find_survivors({}, 2, total);
          const bool same = inspect::processes_in_own_namespace() == started;
          return describe(leaks, {{started[0], "first"}, {started[1], "second"}, {1, "init"}}) +
                 fmt::format("total {}, {}", total, same ? "all" : "others");
        }) == "first of init\nsecond of init\ntotal 5, all");
}

TEST_CASE("a process in a namespace nested in the shard survives like any other", "[survivors]") {
  const auto proc = GENERATE(Proc::kFresh, Proc::kOuter);
  CHECK(as_init(proc, [] {
          const pid_t outer = start_and_prepare([] {
            sys::check(::unshare(CLONE_NEWPID), "unsharing");
            start_and_prepare([] { start_and_prepare([] {}); });
          });
          std::size_t total = 0;
          const auto leaks = find_survivors({}, 10, total);
          if (leaks.size() != 3) return fmt::format("{} leaks", leaks.size());
          return describe(leaks,
                          {{outer, "outer"}, {leaks[1].pid, "nested"}, {leaks[2].pid, "inner"}, {1, "init"}});
        }) == "outer of init\nnested of outer\ninner of nested\n");
}

TEST_CASE("an empty shard has no survivors", "[survivors]") {
  const auto proc = GENERATE(Proc::kFresh, Proc::kOuter);
  CHECK(as_init(proc, [] { return survivors({}); }) == "total 0\n");
}

TEST_CASE("a /proc that does not show the caller yields nothing rather than strangers", "[survivors]") {
  const auto text = test::in_new_namespaces(CLONE_NEWPID | CLONE_NEWNS, [] {
    sys::check(::unshare(CLONE_NEWPID), "unsharing");
    bool mounted = false;
    try {
      start_and_prepare([] {
        if (!test::mount_proc()) throw std::runtime_error("no /proc");
      });
      mounted = true;
    } catch (const std::runtime_error&) {
    }
    return mounted ? survivors({}) : "no /proc";
  });
  if (text == "no /proc") SKIP_TEST("a fresh /proc can't be mounted here");
  CHECK(text == "total 0\n");
}
