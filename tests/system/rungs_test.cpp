#include <linux/capability.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <stdexcept>

#include "support/identity.hpp"
#include "support/namespaces.hpp"
#include "support/process.hpp"
#include "support/registry_view.hpp"
#include "support/rungs.hpp"
#include "support/skip.hpp"
#include "sys/check.hpp"
#include "sys/files.hpp"

namespace nslaunch::test {
namespace {

using Catch::Matchers::Contains;

bool is_root() {
  return ::geteuid() == 0;
}

/// Says what the shard is, and that 127.0.0.1 answers in it.
const std::string& what_it_is() {
  static const std::string script =
      "echo ,$NSLAUNCH_ISOLATION,; id -u; " + probe_binary() + " connect 127.0.0.1 127.9.9.9";
  return script;
}

Result in_shard_prepared(const std::function<void()>& prepare, const std::string& script = what_it_is(),
                         Words words = {}) {
  const RegistryView state;
  auto options = state.options();
  options.environment.emplace_back(kNoLeakSearch);
  options.prepare = prepare;
  return run(in_shard(script, std::move(words)), options);
}

void check_works(const Result& result) {
  CAPTURE(result.err);
  CHECK(result.status == 0);
  CHECK_THAT(result.out, Catch::Matchers::StartsWith(",net,pid,mnt,ipc,") &&
                             Contains("\n" + std::to_string(::geteuid()) + "\nanswered\n"));
}

void check_works_in_full(const Result& result) {
  check_works(result);
  CHECK(result.err.empty());
  for (const char* token : {"proc", "tmp", "ports", "sysctl", "pidbase"})
    CHECK_THAT(result.out, Contains("," + std::string(token) + ","));
}

/// In namespaces of the test's own, whose /proc `spoil` has changed: a shard without any privilege.
Result under_proc(const std::function<void()>& spoil, Words words = {}) {
  const auto result = result_in_namespaces(CLONE_NEWPID | CLONE_NEWNS, [&] {
    if (!mount_proc()) return Result{77, 0, "", ""};
    spoil();
    // As an ordinary user has it: exec leaves it no capability. Root must be able to map itself.
    return in_shard_prepared([] { drop_capabilities_except({CAP_SETFCAP}); }, what_it_is(), std::move(words));
  });
  if (result.status == 77) SKIP_TEST("no fresh /proc here");
  return result;
}

void mask_a_file() {
  for (const char* file : {"/proc/kcore", "/proc/timer_list", "/proc/keys", "/proc/kallsyms"}) {
    if (::access(file, F_OK) != 0) continue;
    sys::check(::mount("/dev/null", file, nullptr, MS_BIND, nullptr), "masking {}", file);
    return;
  }
  throw std::runtime_error("nothing to mask in /proc");
}

void make_proc_sys_read_only() {
  sys::check(::mount("/proc/sys", "/proc/sys", nullptr, MS_BIND, nullptr), "binding /proc/sys");
  sys::check(::mount(nullptr, "/proc/sys", nullptr, MS_BIND | MS_REMOUNT | MS_RDONLY, nullptr),
             "making /proc/sys read-only");
}

void set_limit_of(const char* kind, const char* value) {
  const auto path = fmt::format("/proc/sys/user/max_{}_namespaces", kind);
  sys::check(-sys::write_file(path.c_str(), value), "writing {}", path);
}

}  // namespace

TEST_CASE("root needs no user namespace, an ordinary user gets one") {
  const auto result = in_shard_prepared({});
  check_works_in_full(result);
  if (is_root()) CHECK_THAT(result.out, !Contains(",user,"));
  if (!is_root()) CHECK_THAT(result.out, Contains(",user,"));
}

TEST_CASE("root without CAP_NET_ADMIN gets a user namespace for the network alone") {
  if (!is_root()) return;
  const auto result = in_shard_prepared([] { drop_capability(CAP_NET_ADMIN); });
  check_works_in_full(result);
  CHECK_THAT(result.out, Contains(",user,"));
  const auto other = in_shard_prepared([] { drop_capability(CAP_NET_ADMIN); },
                                       "id -u; echo x > /tmp/x && echo wrote", {"--user", "12345"});
  CHECK(other.out == "12345\nwrote\n");
}

TEST_CASE("the words of -v say how much privilege the shard is made with") {
  const auto said = [](const std::function<void()>& prepare) {
    return in_shard_prepared(prepare, "exit 0", {"-v"}).err;
  };
  CHECK_THAT(said({}), Contains(is_root() ? "no user namespace" : "a user namespace for everything"));
  if (!is_root()) return;
  CHECK_THAT(said([] { drop_capability(CAP_NET_ADMIN); }), Contains("a user namespace for the network"));
  CHECK_THAT(said([] { drop_capability(CAP_SYS_ADMIN); }), Contains("a user namespace for everything"));
}

TEST_CASE("root without CAP_SYS_ADMIN gets a user namespace for everything") {
  if (!is_root()) return;
  check_works_in_full(in_shard_prepared([] { drop_capability(CAP_SYS_ADMIN); }));
  check_works_in_full(in_shard_prepared([] { drop_capabilities_except({CAP_SETFCAP}); }));
  check_works_in_full(in_shard_prepared([] { drop_capabilities_except({CAP_NET_ADMIN, CAP_SETFCAP}); }));
}

TEST_CASE("root that may not even map itself has a shard or an explanation") {
  if (!is_root()) return;
  const auto result = in_shard_prepared([] { drop_capabilities_except({}); });
  CAPTURE(result.err);
  if (result.status == 0) return check_works(result);
  CHECK(explains_itself(result));
  CHECK_THAT(result.err, Contains("CAP_SETFCAP"));
}

TEST_CASE("under a masked /proc a rootless shard keeps the outer one and says so") {
  const auto result = under_proc(mask_a_file);
  check_works(result);
  CHECK_THAT(result.out, !Contains(",proc,"));
  CHECK_THAT(result.err, Contains("mounting a fresh /proc was refused") && Contains("--require-proc"));
  CHECK(std::count(result.err.begin(), result.err.end(), '\n') == 1);
}

TEST_CASE("the record has the isolation that the command has, also where something is missing") {
  const std::string script =
      "echo ,$NSLAUNCH_ISOLATION,; echo ,$(" + nslaunch({}).front() +
      " list --json | tr -d ' ' | sed -n 's/.*\"isolation\":\"\\([^\"]*\\)\".*/\\1/p'),";
  const auto same_twice = [](const Result& result) {
    CAPTURE(result.err, result.out);
    const auto half = result.out.size() / 2;
    CHECK(half > 10);
    CHECK(result.out.substr(0, half) == result.out.substr(half));
  };
  same_twice(in_shard_prepared({}, script, {"--tmp", "host"}));
  const auto masked = result_in_namespaces(CLONE_NEWPID | CLONE_NEWNS, [&] {
    if (!mount_proc()) return Result{77, 0, "", ""};
    mask_a_file();
    return in_shard_prepared([] { drop_capabilities_except({CAP_SETFCAP}); }, script, {"--tmp", "host"});
  });
  if (masked.status == 77) SKIP_TEST("no fresh /proc here");
  CHECK_THAT(masked.out, !Contains(",proc,"));
  same_twice(masked);
}

TEST_CASE("under a masked /proc --require-proc is an error that says what to do") {
  const auto result = under_proc(mask_a_file, {"--require-proc"});
  CAPTURE(result.err);
  CHECK(explains_itself(result));
  CHECK_THAT(result.err,
             Contains("/proc") && Contains("--require-proc") && Contains("systempaths=unconfined"));
}

TEST_CASE("a masked /proc does not matter to real root") {
  if (!is_root()) return;
  check_works_in_full(result_in_namespaces(CLONE_NEWPID | CLONE_NEWNS, [&] {
    mount_proc();
    mask_a_file();
    return in_shard_prepared({});
  }));
}

TEST_CASE("under a read-only /proc/sys a rootless shard works with less and names what") {
  const auto result = under_proc(make_proc_sys_read_only);
  check_works(result);
  for (const char* token : {",proc,", ",ports,", ",pidbase,", ",sysctl,"})
    CHECK_THAT(result.out, !Contains(token));
  CHECK_THAT(result.err, Contains("opening ports below 1024") && Contains("pids start") &&
                             Contains("network settings was refused (Read-only file system)"));
  CHECK(explains_itself(under_proc(make_proc_sys_read_only, {"--require-proc"})));
}

TEST_CASE("a namespace limit of 0 is named with the command that lifts it") {
  for (const char* kind : {"net", "pid", "mnt", "ipc"}) {
    const auto result = result_in_user_namespace(0, [&] {
      set_limit_of(kind, "0");
      return in_shard_prepared({}, "echo ran");
    });
    CAPTURE(kind, result.err);
    CHECK(explains_itself(result));
    CHECK_THAT(result.err,
               Contains(fmt::format("user.max_{}_namespaces=0", kind)) && Contains("sudo sysctl -w"));
  }
}

TEST_CASE("without user namespaces an ordinary user is told so, and root goes on") {
  const auto result = result_in_user_namespace(0, [&] {
    set_limit_of("user", "0");
    return in_shard_prepared({});
  });
  CAPTURE(result.err);
  if (is_root()) return check_works(result);
  CHECK(explains_itself(result));
  CHECK_THAT(result.err, Contains("user.max_user_namespaces=0"));
}

TEST_CASE("an exhausted namespace limit is retried, then named") {
  const auto result = result_in_user_namespace(0, [&] {
    set_limit_of("net", "1");
    // One after the other there is room: the slot of a dead shard frees itself in a while.
    for (int launch = 0; launch < 5; ++launch) {
      const auto one = in_shard_prepared({}, "exit 7");
      if (one.status != 7) return one;
    }
    const RegistryView state;
    Process first(in_shard("echo up; read line"), state.options());
    if (first.read_line() != "up") return Result{};
    return in_shard_prepared({}, "echo ran");
  });
  CAPTURE(result.err);
  CHECK(explains_itself(result));
  CHECK_THAT(result.err, Contains("limit") && Contains("user.max_"));
}

TEST_CASE("an exhausted limit is retried on the way of CAP_SYS_ADMIN alone, too") {
  if (!is_root()) return;
  const auto result = result_in_user_namespace(0, [&] {
    set_limit_of("net", "1");
    for (int launch = 0; launch < 5; ++launch) {
      const auto one = in_shard_prepared([] { drop_capability(CAP_NET_ADMIN); }, "exit 7");
      if (one.status != 7) return one;
    }
    return Result{7, 0, "", ""};
  });
  CAPTURE(result.err);
  CHECK(result.status == 7);
}

TEST_CASE("a filter that forbids namespaces is explained, one that only lacks clone3 does no harm") {
  const auto forbidden = in_shard_prepared([] { filter_namespaces(true); }, "echo ran");
  CAPTURE(forbidden.err);
  CHECK(explains_itself(forbidden));
  CHECK_THAT(forbidden.err, Contains("seccomp=unconfined"));
  check_works_in_full(in_shard_prepared([] { filter_namespaces(false); }));
}

TEST_CASE("too few descriptors, at any count, give a shard or an explanation") {
  if (kSanitized) SKIP_TEST("the sanitizers need descriptors of their own");
  bool worked = false;
  for (rlim_t count = 3; count < 32; ++count) {
    const auto result = in_shard_prepared(
        [count] {
          const rlimit limit = {count, count};
          ::setrlimit(RLIMIT_NOFILE, &limit);
        },
        "echo ran");
    if (result.status == 127) continue;  // the program's own loader has too few
    CAPTURE(count, result.status, result.out, result.err);
    worked = result.status == 0 && result.out == "ran\n" && result.err.empty();
    CHECK((worked || explains_itself(result) ||
           (result.status == 0 && result.err.find("registry") != std::string::npos)));
  }
  CHECK(worked);
}

TEST_CASE("more than 32 shards deep the kernel's limit is explained") {
  const RegistryView state;
  Words words = {"--", "echo", "ran"};
  for (int depth = 1; depth < 34; ++depth) words.insert(words.begin(), {"--", nslaunch_binary()});
  const auto result = run(nslaunch(words), state.options());
  CAPTURE(result.err);
  CHECK(explains_itself(result));
  CHECK_THAT(result.err, Contains("too deep"));
}

}  // namespace nslaunch::test
