#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "support/chroot.hpp"
#include "support/identity.hpp"
#include "support/namespaces.hpp"
#include "support/privilege_modes.hpp"
#include "support/process.hpp"
#include "support/registry_view.hpp"
#include "support/skip.hpp"
#include "support/temp_dir.hpp"
#include "sys/base/check.hpp"
#include "sys/base/files.hpp"

namespace nslaunch::test {
namespace {

namespace fs = std::filesystem;
using Catch::Matchers::Contains;

constexpr uid_t kFreshUid = 54321;  // nobody else's processes count against its limit

std::string mounts() {
  return sys::read_file("/proc/self/mountinfo", 16 << 20).value_or("");
}

}  // namespace

TEST_CASE("in a chroot root has a shard, whose mounts do not show outside") {
  if (::geteuid() != 0) return;
  const auto result = result_in_namespaces(CLONE_NEWNS, [] {
    const Chroot chroot;
    const auto before = mounts();
    Process process(
        chroot.words("echo up; ls -A /tmp; echo $$ > /tmp/x; read line; ls /proc | grep -c '^[0-9]'"),
        chroot.options());
    if (process.read_line() != "up") return Result{};
    const bool the_same = mounts() == before && fs::is_empty(chroot.path() + "/tmp");
    process.close_input();
    auto ended = process.wait();
    ended.out += the_same ? "the same" : mounts();
    return ended;
  });
  CHECK(result.err.empty());
  CHECK(result.status == 0);
  CHECK_THAT(result.out, Contains("the same"));
}

TEST_CASE("in a chroot an ordinary user is told why there is no shard") {
  if (::geteuid() == 0) return;
  const auto result = result_in_namespaces(CLONE_NEWNS, [] {
    const Chroot chroot;
    return run(chroot.words("echo ran"), chroot.options());
  });
  CAPTURE(result.err);
  CHECK(explains_itself(result));
  CHECK_THAT(result.err, Contains("chroot"));
}

TEST_CASE("a chroot without a /proc is explained") {
  if (::geteuid() != 0) return;
  if (kSanitized) SKIP_TEST("the sanitizers need a /proc");
  const auto result = result_in_namespaces(CLONE_NEWNS, [] {
    const Chroot chroot;
    ::umount2((chroot.path() + "/proc").c_str(), MNT_DETACH);
    fs::remove(chroot.path() + "/proc");
    return run(chroot.words("echo ran"), chroot.options());
  });
  CAPTURE(result.err);
  CHECK(explains_itself(result));
  CHECK_THAT(result.err, Contains("mkdir /proc"));
}

TEST_CASE("a chroot without a /tmp is explained") {
  if (::geteuid() != 0) return;
  const auto result = result_in_namespaces(CLONE_NEWNS, [] {
    const Chroot chroot;
    fs::remove_all(chroot.path() + "/tmp");
    return run(chroot.words("echo ran"), chroot.options());
  });
  CAPTURE(result.err);
  CHECK(explains_itself(result));
  CHECK_THAT(result.err, Contains("mkdir /tmp"));
}

TEST_CASE("an exhausted limit on processes is named, wherever it is met, and the command has not run") {
  const TempDir directory;
  fs::copy(nslaunch_binary(), directory / "nslaunch");
  fs::create_directory(directory / "state");
  fs::permissions(directory.path(), fs::perms(0755));
  fs::permissions(directory / "state", fs::perms(0700));
  const bool root = ::geteuid() == 0;
  if (root) REQUIRE(::chown((directory / "state").c_str(), kFreshUid, kFreshUid) == 0);
  bool refused = false;
  bool worked = false;
  for (rlim_t count = 1; count <= 12 && !worked; ++count) {  // of earlier tries some may still be ending
    StartOptions options;
    options.environment = {"NSLAUNCH_STATE_DIR=" + directory / "state", kNoLeakSearch};
    options.directory = "/";
    options.prepare = [&] {
      const rlimit limit = {count, count};
      ::setrlimit(RLIMIT_NPROC, &limit);
      if (root && (::setresgid(kFreshUid, kFreshUid, kFreshUid) != 0 ||
                   ::setresuid(kFreshUid, kFreshUid, kFreshUid) != 0))
        ::_exit(97);
    };
    const auto result = run({directory / "nslaunch", "--", "echo", "ran"}, options);
    if (result.status == 99) continue;  // the exec itself is refused
    CAPTURE(count, result.status, result.err);
    worked = result.status == 0 && result.out == "ran\n";
    refused = refused || !worked;
    CHECK((worked || (explains_itself(result) && result.err.find("ulimit -u") != std::string::npos)));
  }
  CHECK(refused);
  if (root) CHECK(worked);
}

}  // namespace nslaunch::test
