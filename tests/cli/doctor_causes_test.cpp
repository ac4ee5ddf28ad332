#include <linux/capability.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "support/chroot.hpp"
#include "support/examined.hpp"
#include "support/identity.hpp"
#include "support/namespaces.hpp"
#include "support/skip.hpp"
#include "sys/base/check.hpp"
#include "sys/base/files.hpp"

namespace nslaunch::test {
namespace {

namespace fs = std::filesystem;
using Catch::Matchers::Contains;

constexpr uid_t kFreshUid = 54322;  // nobody else's processes count against its limit

Words doctor() {
  return nslaunch({"doctor", "--json"});
}

/// No shard can be had, for one reason: the step that fails, who is to blame, and what of the sentence. What
/// a run says here has the doctor's very line.
void check_refused(const Examined& found, const std::string& run_says, const std::string& step,
                   const std::string& layer, const std::string& sentence) {
  CAPTURE(found.result.out, found.result.err, run_says);
  CHECK(found.result.status == 125);
  CHECK(found.verdict() == "none");
  const auto failure = found.failure();
  CHECK(failure.value("step", "") == step);
  CHECK(failure.value("layer", "") == layer);
  CHECK_THAT(failure.value("cause", ""), Contains(sentence));
  CHECK_FALSE(failure.at("remedies").empty());
  CHECK_THAT(run_says, Contains(layer + ": " + failure.value("cause", "")));
  CHECK(found.extra("overlay").value("said", "") == "after the failure");
}

void check_refused_prepared(const std::function<void()>& prepare, const std::string& step,
                            const std::string& layer, const std::string& sentence) {
  check_refused(examined(prepare), in_shard_prepared(prepare, "echo ran").err, step, layer, sentence);
}

/// Both outputs of a doctor and of a run below, in a Result.
struct Pair {
  Result doctor;
  Result run;
};

/// In namespaces of the test's own, which `enter` (result_in_namespaces(), ...) makes.
template <typename Enter>
Pair in_both(Enter&& enter, const Words& doctor_words, const Words& run_words,
             const StartOptions& options = {}) {
  Pair pair;
  pair.doctor = enter([&] { return run(doctor_words, options); });
  pair.run = enter([&] { return run(run_words, options); });
  return pair;
}

void set_limit_of(const std::string& kind, const char* value) {
  const auto path = fmt::format("/proc/sys/user/max_{}_namespaces", kind);
  sys::check(-sys::write_file(path.c_str(), value), "writing {}", path);
}

}  // namespace

TEST_CASE("doctor names a seccomp filter that forbids namespaces, and what takes it away") {
  check_refused_prepared([] { filter_namespaces(true); }, "clone", "seccomp", "Seccomp: 2");
  const auto found = examined([] { filter_namespaces(true); });
  CHECK_THAT(found.failure().at("remedies").at(0).value("paste", ""), Contains("seccomp"));
}

TEST_CASE("doctor names a seccomp filter that kills, whether it meets the launcher or init") {
  const auto kill_init = [] { kill_who_calls(SYS_unshare); };
  const auto of_launcher = examined(kill_who_makes_namespaces);
  CAPTURE(of_launcher.result.out);
  CHECK(of_launcher.result.status == 125);
  CHECK(of_launcher.failure().value("step", "") == "clone");
  CHECK(of_launcher.failure().value("layer", "") == "seccomp");
  CHECK_THAT(of_launcher.failure().value("error", ""), Contains("SIGSYS"));
  check_refused_prepared(kill_init, "namespaces", "seccomp", "SIGSYS");
}

TEST_CASE("doctor names the capability that root needs to map itself") {
  if (!is_root()) return;
  check_refused_prepared([] { drop_capabilities_except({}); }, "map-ids", "capabilities", "CAP_SETFCAP");
}

TEST_CASE("doctor names a namespace limit of 0 with its setting and the command that lifts it") {
  const RegistryView state;
  for (const std::string kind : {"user", "pid", "net", "mnt", "ipc"}) {
    if (kind == "user" && is_root()) continue;  // needs none
    const auto enter = [&](const std::function<Result()>& body) {
      return result_in_user_namespace(0, [&] {
        set_limit_of(kind, "0");
        return body();
      });
    };
    const auto both = in_both(enter, doctor(), in_shard("echo ran"), state.options());
    const bool at_once = kind == "user" || kind == "pid";
    const auto setting = fmt::format("user.max_{}_namespaces", kind);
    const Examined found(both.doctor);
    check_refused(found, both.run.err, at_once ? "clone" : "namespaces", "sysctl", setting + "=0");
    CHECK_THAT(found.failure().at("remedies").at(0).value("paste", ""),
               Contains("sudo sysctl -w " + setting + "="));
  }
}

TEST_CASE("doctor names namespaces that are nested too deep") {
  const RegistryView state;
  const auto nested = [&](int depth, Words words) {
    for (; depth > 0; --depth) words.insert(words.begin(), {nslaunch_binary(), "--"});
    return run(words, state.options());
  };
  // How many levels the test itself is deep is not known.
  int depth = 33;
  auto examined = nested(depth, doctor());
  while (examined.out.empty() && depth > 1) examined = nested(--depth, doctor());
  check_refused(Examined(examined), nested(depth, in_shard("echo ran")).err, "clone", "limit",
                "too deep (32 levels)");
}

TEST_CASE("doctor names a chroot, in which an ordinary user has no user namespace") {
  if (is_root()) return;
  const auto result = [](bool asks_doctor) {
    return result_in_namespaces(CLONE_NEWNS, [asks_doctor] {
      const Chroot chroot;
      return run(asks_doctor ? Words{"/nslaunch", "doctor", "--json"} : chroot.words("echo ran"),
                 chroot.options());
    });
  };
  check_refused(Examined(result(true)), result(false).err, "clone", "chroot", "in a chroot");
}

TEST_CASE("doctor names a limit on processes with its value") {
  const TempDir directory;
  fs::copy(nslaunch_binary(), directory / "nslaunch");
  fs::create_directory(directory / "state");
  fs::permissions(directory.path(), fs::perms(0755));
  fs::permissions(directory / "state", fs::perms(0700));
  const bool root = is_root();
  if (root) REQUIRE(::chown((directory / "state").c_str(), kFreshUid, kFreshUid) == 0);
  StartOptions options;
  options.environment = {"NSLAUNCH_STATE_DIR=" + directory / "state", kNoLeakSearch};
  options.directory = "/";
  options.prepare = [root] {
    const rlimit limit = {1, 1};
    ::setrlimit(RLIMIT_NPROC, &limit);
    if (root && (::setresgid(kFreshUid, kFreshUid, kFreshUid) != 0 ||
                 ::setresuid(kFreshUid, kFreshUid, kFreshUid) != 0))
      ::_exit(97);
  };
  const auto ended = run({directory / "nslaunch", "doctor", "--json"}, options);
  if (ended.status == 99) SKIP_TEST("needs an ordinary user without processes");
  check_refused(Examined(ended), run({directory / "nslaunch", "--", "echo", "ran"}, options).err, "clone",
                "limit", "ulimit -u is 1");
}

TEST_CASE("doctor names a PID namespace that this process's children begin in and it is not in") {
  const auto enter_for_children = [] {
    if (::unshare(CLONE_NEWPID) != 0) ::_exit(97);
  };
  const RegistryView state;
  auto options = state.options();
  options.environment.emplace_back(kNoLeakSearch);
  options.prepare = enter_for_children;
  const auto enter = [](const std::function<Result()>& body) { return result_in_user_namespace(0, body); };
  const auto both = in_both(enter, doctor(), in_shard("echo ran"), options);
  check_refused(Examined(both.doctor), both.run.err, "clone", "limit", "that it is not in itself");
}

TEST_CASE("doctor names a user namespace in which we are nobody") {
  const auto become_nobody = [] {
    if (::unshare(CLONE_NEWUSER) != 0) ::_exit(97);
  };
  const auto found = examined(become_nobody);
  CAPTURE(found.result.out);
  CHECK(found.result.status == 125);
  CHECK(found.failure().value("layer", "") == "id map");
}

TEST_CASE("doctor says that a step hangs, and kills what it has begun") {
  const auto found = examined([] { hang_who_calls(SYS_mount); });
  CAPTURE(found.result.out);
  CHECK(found.result.status == 125);
  CHECK(found.failure().value("step", "") == "propagation");
  CHECK_THAT(found.failure().value("error", ""), Contains("not ended in time"));
}

}  // namespace nslaunch::test
