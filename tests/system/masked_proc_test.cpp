#include <linux/capability.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <stdexcept>

#include "support/identity.hpp"
#include "support/namespaces.hpp"
#include "support/prepared_shard.hpp"
#include "support/privilege_modes.hpp"
#include "support/skip.hpp"
#include "sys/base/check.hpp"

namespace nslaunch::test {
namespace {

using Catch::Matchers::Contains;

/// In namespaces of the test's own, whose /proc `spoil` has changed: `script` in a shard without any
/// privilege.
Result under_proc(const std::function<void()>& spoil, Words words = {},
                  const std::string& script = what_it_is()) {
  const auto result = result_in_namespaces(CLONE_NEWPID | CLONE_NEWNS, [&] {
    if (!mount_proc()) return Result{77, 0, "", ""};
    spoil();
    // As an ordinary user has it: exec leaves it no capability. Root must be able to map itself.
    return in_shard_prepared([] { drop_capabilities_except({CAP_SETFCAP}); }, script, std::move(words));
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

}  // namespace

TEST_CASE("under a masked /proc a rootless shard keeps the outer one and says so") {
  const auto result = under_proc(mask_a_file);
  check_works(result);
  CHECK_THAT(result.out, !Contains(",proc,"));
  CHECK_THAT(result.err, Contains("mounting a fresh /proc was refused") && Contains("--require-proc"));
  CHECK(std::count(result.err.begin(), result.err.end(), '\n') == 1);
}

TEST_CASE("under a masked /proc a shard in a shard works") {
  const auto result = under_proc(mask_a_file, {}, nslaunch({}).front() + " -- sh -c 'exit 42'");
  CAPTURE(result.err);
  CHECK(result.status == 42);
}

TEST_CASE("the record has the isolation that the command has, also where something is missing") {
  const auto list = nslaunch({}).front() + " list";
  // The launcher hears of the command's start a moment later, and then the record says "running".
  const std::string script = "echo ,$NSLAUNCH_ISOLATION,; until " + list +
                             " | grep -q running; do :; done; echo ,$(" + list +
                             " --json | tr -d ' ' | sed -n 's/.*\"isolation\":\"\\([^\"]*\\)\".*/\\1/p'),";
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

}  // namespace nslaunch::test
