#include <linux/capability.h>
#include <sched.h>
#include <sys/mount.h>

#include <catch2/catch.hpp>
#include <cerrno>

#include "support/examined.hpp"
#include "support/namespaces.hpp"
#include "support/skip.hpp"
#include "sys/base/check.hpp"

namespace nslaunch::test {
namespace {

using Catch::Matchers::Contains;

/// Something is missing, and the shard works: what a run has, too.
void check_reduced(const Examined& found, const Words& missing, const std::string& layer) {
  CAPTURE(found.result.out, found.result.err);
  CHECK(found.result.status == 1);
  CHECK(found.verdict() == "reduced");
  CHECK(found.document.at("missing").get<Words>() == missing);
  CHECK(found.failure().value("layer", "") == layer);
  CHECK(found.step("answer").value("state", "") == "ok");
  CHECK(found.step("exec").value("state", "") == "ok");
}

/// As an ordinary user's: exec leaves no capability, but root's to map itself.
void give_up_rights() {
  drop_capabilities_except({CAP_SETFCAP});
}

Examined under_proc(const std::function<void()>& spoil) {
  const RegistryView state;
  const auto result = result_in_namespaces(CLONE_NEWPID | CLONE_NEWNS, [&] {
    if (!mount_proc()) return Result{77, 0, "", ""};
    spoil();
    auto options = state.options();
    options.environment.emplace_back(kNoLeakSearch);
    options.prepare = give_up_rights;
    return run(nslaunch({"doctor", "--json"}), options);
  });
  if (result.status == 77) SKIP_TEST("no fresh /proc here");
  return Examined(result);
}

void make_read_only(const char* path) {
  sys::check(::mount(path, path, nullptr, MS_BIND, nullptr), "binding {}", path);
  sys::check(::mount(nullptr, path, nullptr, MS_BIND | MS_REMOUNT | MS_RDONLY, nullptr),
             "making {} read-only", path);
}

}  // namespace

TEST_CASE("doctor says by which way a shard is made, and which capability the fuller ones lack") {
  const auto ways_without = [](int capability) {
    const auto found = examined([=] { drop_capability(capability); });
    CAPTURE(found.result.out);
    CHECK(found.result.status == 0);
    return found.document.at("ways");
  };
  if (!is_root()) {
    const auto ways = examined().document.at("ways");
    CHECK_THAT(ways.at(0).value("why_not", ""), Contains("CAP_SYS_ADMIN"));
    CHECK(ways.at(2).at("taken") == true);
    return;
  }
  CHECK(examined().document.at("ways").at(0).at("taken") == true);
  const auto split = ways_without(CAP_NET_ADMIN);
  CHECK(split.at(0).value("why_not", "") == "there is no CAP_NET_ADMIN");
  CHECK(split.at(1).at("taken") == true);
  const auto rootless = ways_without(CAP_SYS_ADMIN);
  CHECK(rootless.at(1).value("why_not", "") == "there is no CAP_SYS_ADMIN");
  CHECK(rootless.at(2).at("taken") == true);
}

TEST_CASE("doctor names what is mounted over parts of /proc, and 127.0.0.1 answers all the same") {
  const auto found = under_proc([] {
    sys::check(::mount("/dev/null", "/proc/kallsyms", nullptr, MS_BIND, nullptr), "masking a file");
  });
  check_reduced(found, {"proc"}, "masked /proc");
  CHECK_THAT(found.failure().value("cause", ""), Contains("/proc/kallsyms"));
}

TEST_CASE("doctor names a read-only /proc/sys at each step that it stops") {
  const auto found = under_proc([] { make_read_only("/proc/sys"); });
  check_reduced(found, {"proc", "pidbase", "ports", "sysctl"}, "masked /proc");
  for (const char* step : {"pid-base", "low-ports", "sysctls"}) {
    CHECK(found.step(step).value("layer", "") == "read-only /proc");
    CHECK(found.step(step).value("errno", 0) == EROFS);
  }
}

}  // namespace nslaunch::test
