#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <optional>

#include "ns/net/enter.hpp"
#include "registry/place/as_user.hpp"
#include "support/namespaces.hpp"
#include "support/registry_scene.hpp"
#include "support/skip.hpp"
#include "support/somebody.hpp"
#include "support/temp_dir.hpp"
#include "sys/base/check.hpp"
#include "sys/base/files.hpp"
#include "sys/base/signals.hpp"
#include "sys/process/as_user.hpp"

namespace nslaunch::test {
namespace {

namespace fs = std::filesystem;

/// An ordinary user, if we are root.
void become_somebody() {
  if (::geteuid() != 0) return;
  become(kSomebody);
  ::prctl(PR_SET_DUMPABLE, 1);
}

/// Whoever joins a network namespace waits from now on, for ever; the listener tells who.
sys::Fd hold_up_setns() {
  sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_setns, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args[1])),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, CLONE_NEWNET, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program = {static_cast<unsigned short>(std::size(filter)), filter};
  sys::check(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "giving up privileges");
  const long listener =
      ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
  return sys::Fd(static_cast<int>(sys::check(listener, "filtering setns")));
}

/// By the namespaces' owner, the process that waits in setns: "safe" if it can't be traced.
[[noreturn]] void try_to_trace(const sys::Fd& listener, const sys::Fd& result) {
  seccomp_notif notification = {};
  const bool told = ::ioctl(listener.get(), SECCOMP_IOCTL_NOTIF_RECV, &notification) == 0;
  become_somebody();
  const auto pid = static_cast<pid_t>(notification.pid);
  const bool safe = told && ::ptrace(PTRACE_SEIZE, pid, nullptr, nullptr) != 0 && errno == EPERM;
  sys::write_all(result.get(), safe ? "safe" : "traced");
  for (;;) ::pause();
}

/// 0 where it was given up.
int look_into(pid_t target, const sys::Fd& result) {
  const auto listener = hold_up_setns();
  const pid_t watcher = ::fork();
  if (watcher == 0) try_to_trace(listener, result);
  int status = 1;
  try {
    ns::open_socket_diagnostics_of(target);
  } catch (const Error& error) {
    status = error.code() == sys::errno_code(ETIMEDOUT) ? 0 : 2;
  }
  ::kill(watcher, SIGKILL);
  return status;
}

}  // namespace

TEST_CASE("whoever enters a shard's network for root can't be traced by its owner, and is not waited for") {
  std::optional<IdleProcess> target;
  try {
    target.emplace([] {
      become_somebody();
      sys::check(::unshare(CLONE_NEWUSER | CLONE_NEWNET), "unsharing");
    });
  } catch (const std::runtime_error&) {
    SKIP_TEST("no user namespaces here");
  }
  auto result = sys::make_pipe();
  const pid_t looker = fork_child([&] { return look_into(target->pid(), result.write); });
  result.write.reset();
  CHECK(await_exit(looker) == 0);
  char said[16] = "";
  CHECK(::read(result.read.get(), said, sizeof said - 1) > 0);
  if (::geteuid() == 0) CHECK(std::string(said) == "safe");  // everybody may trace their own
}

TEST_CASE("a user who stops what root does as that user holds up root for a short time, and once") {
  if (::geteuid() != 0) SKIP_TEST("needs root, which alone acts for other users");
  const std::chrono::milliseconds limit{200};
  const auto stopped_before_answering = [] {
    ::raise(SIGSTOP);
    return std::string("never said");
  };
  // The second time it would be far too long.
  for (const auto& allowed : {limit, std::chrono::milliseconds(std::chrono::hours(1))}) {
    CHECK_THROWS_WITH(registry::as_user(kSomebody, allowed, stopped_before_answering),
                      Catch::Contains("working as user 54321"));
  }
  CHECK(registry::as_user(kSomebody, std::chrono::seconds(20), [] { return std::to_string(::getuid()); }) ==
        "54321");
}

TEST_CASE("a user who is late each time, and never too late, holds up root for ten seconds in all") {
  if (::geteuid() != 0) SKIP_TEST("needs root, which alone acts for other users");
  constexpr uid_t kLate = kSomebody + 1;
  const auto late_by = [](std::chrono::milliseconds delay) {
    return registry::as_user(kLate, std::chrono::hours(1), [&] {
      ::poll(nullptr, 0, static_cast<int>(delay.count()));
      return std::string("said");
    });
  };
  CHECK(late_by(std::chrono::seconds(4)) == "said");
  CHECK_THROWS_WITH(late_by(std::chrono::seconds(20)), Catch::Contains("working as user 54322"));
  CHECK(late_by({}) == "said");
  CHECK(registry::as_user(kSomebody, std::chrono::hours(1), [] {
          ::poll(nullptr, 0, 1000);
          return std::string("another's");
        }) == "another's");
}

TEST_CASE("users who hold up root under one number after the other do so for twenty seconds in all") {
  if (::geteuid() != 0) SKIP_TEST("needs root, which alone acts for other users");
  const pid_t caller = fork_child([] {
    const auto is_heard = [](uid_t user, const std::function<void()>& delay) {
      try {
        registry::as_user(user, std::chrono::hours(1), [&] {
          delay();
          return std::string("said");
        });
        return true;
      } catch (const Error&) {
        return false;
      }
    };
    for (const uid_t user : {kSomebody, kSomebody + 1}) {
      if (is_heard(user, [] { ::raise(SIGSTOP); })) return 1;
    }
    if (is_heard(kSomebody + 2, [] { ::poll(nullptr, 0, 4000); })) return 2;
    return is_heard(kSomebody + 3, [] {}) ? 0 : 3;
  });
  CHECK(await_exit(caller) == 0);
}

TEST_CASE("a signal that would end the caller ends what root does as a user, and is still there") {
  if (::geteuid() != 0) SKIP_TEST("needs root, which alone acts for other users");
  const pid_t caller = fork_child([] {
    sys::SignalSet set;
    set.add(SIGTERM);
    const sys::BlockedSignals blocked(set);
    ::raise(SIGTERM);
    try {
      sys::as_user(
          kSomebody, kSomebody, {}, std::chrono::hours(1),
          []() -> sys::Answer {
            for (;;) ::pause();
          },
          sys::Signals::kEndIt);
    } catch (const Error& error) {
      return error.code() == sys::errno_code(EINTR) && sys::take_pending(SIGTERM) ? 0 : 2;
    }
    return 1;
  });
  CHECK(await_exit(caller) == 0);
}

TEST_CASE("what root does as a user it does with no group that is somebody else's") {
  if (::geteuid() != 0) SKIP_TEST("needs root to work as another user");
  constexpr gid_t kNogroup = 65534;  // Debian's, which may have files
  const TempDir directory;
  fs::create_directory(directory / "theirs");
  REQUIRE(::chown((directory / "theirs").c_str(), kSomebody, kSomebody) == 0);
  REQUIRE(::chown(directory.path().c_str(), 0, kNogroup) == 0);
  fs::permissions(directory.path(), fs::perms(0770));
  const auto look = [&] { return ::access(directory.path().c_str(), X_OK) == 0 ? 0 : errno; };
  const auto theirs = sys::open_file(directory / "theirs", O_PATH);
  CHECK(registry::as_user(kSomebody, std::chrono::seconds(20), [&] { return std::to_string(look()); }) ==
        std::to_string(EACCES));
  CHECK(sys::as_owner_of(theirs.get(), std::chrono::seconds(20), look) == EACCES);
}

}  // namespace nslaunch::test
