#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <vector>

#include "support/fleet_scene.hpp"
#include "support/identity.hpp"
#include "support/paused_launch.hpp"
#include "support/process.hpp"
#include "support/registry_view.hpp"
#include "support/skip.hpp"
#include "support/tampered.hpp"
#include "sys/base/check.hpp"

namespace nslaunch::test {
namespace {

namespace fs = std::filesystem;
using Catch::Matchers::Contains;

/// What a process has open above 2.
std::vector<int> descriptors_of(pid_t pid) {
  std::vector<int> found;
  for (const auto& entry : fs::directory_iterator(fmt::format("/proc/{}/fd", pid))) {
    const int number = std::atoi(entry.path().filename().c_str());
    if (number > 2) found.push_back(number);
  }
  return found;
}

/// The one child of the one child; 0: there is none.
pid_t grandchild_of(pid_t pid) {
  for (int generation = 0; generation < 2; ++generation) {
    const auto children = children_of(pid);
    pid = children.size() == 1 ? children.front() : 0;
  }
  return pid;
}

/// How many of its descriptors are handles on processes.
std::ptrdiff_t handles_of(pid_t pid) {
  return std::ranges::count_if(descriptors_of(pid), [pid](int number) {
    return contents(fmt::format("/proc/{}/fdinfo/{}", pid, number)).find("\nPid:\t") != std::string::npos;
  });
}

/// nslaunch below a process of its group, whose pidfd it so has, with a descriptor of the caller's that is
/// kept open for the command.
Words below_an_ancestor(const Words& words) {
  Words all = {"bash", "-c", "\"$@\"; exit $?", "-"};
  all.insert(all.end(), words.begin(), words.end());
  return all;
}

}  // namespace

TEST_CASE("no descriptor of init's leads a command out of its shard") {
  for (const Words& options : {Words{}, Words{"run", "--shards", "2"}}) {
    Words words = options;
    words.insert(words.end(), {"--", probe_binary(), "break-out"});
    const RegistryView state;
    const auto ended = run(below_an_ancestor(nslaunch(words)), state.options());
    CAPTURE(ended.out, ended.err);
    CHECK(ended.status == 0);
    CHECK_THAT(ended.out, Contains("taken") || Contains("none"));
    CHECK_THAT(ended.out, !Contains("out by"));
    if (::geteuid() == 0) CHECK_THAT(ended.out, Contains("taken"));
  }
}

TEST_CASE("no command of root's starts while its init has a handle on another shard's processes") {
  if (::geteuid() != 0) SKIP_TEST("needs root: it alone could enter by one");
  const auto as_root = GENERATE(Words{}, Words{"--user", "root"});
  Words words = {"run", "--shards", "2", "-j", "2"};
  words.insert(words.end(), as_root.begin(), as_root.end());
  words.insert(words.end(), {"--", "true"});
  const RegistryView state;
  PausedLaunch launch(nslaunch(words), state.options(), "exec");
  REQUIRE(launch.reached(2));
  const auto launcher = launch.process().pid();
  const auto inits = children_of(launcher);
  CHECK(inits.size() == 2);
  CHECK(handles_of(launcher) >= 2);
  for (const pid_t init : inits) CHECK(handles_of(init) == 0);
  launch.resume();
  CHECK(launch.process().wait().status == 0);
}

TEST_CASE("a process that has become the command's user has no descriptor of init's any more") {
  if (::geteuid() != 0) SKIP_TEST("needs root: --user");
  const RegistryView state;
  PausedLaunch launch(nslaunch({"--user", "54321:54321", "--publish", "0:80", "--", "true"}), state.options(),
                      "exec");
  REQUIRE(launch.reached());
  const auto has = descriptors_of(grandchild_of(launch.process().pid()));
  const auto of_init = [](int number) {
    const int flags = ::fcntl(number, F_GETFD);
    return number != PausedLaunch::kFd &&
           (flags < 0 || (flags & FD_CLOEXEC) != 0);  // what is ours to pass on
  };
  CHECK(std::ranges::count_if(has, of_init) == 0);
  CHECK(std::ranges::count(has, PausedLaunch::kFd) == 1);
  launch.resume();
  CHECK(launch.process().wait().status == 0);
}

TEST_CASE("where close_range is missing or refused init keeps nothing of the caller's either") {
  const auto script = "until ! ls -l /proc/1/fd | grep -q /etc/passwd; do :; done; echo closed";
  if (!can_tamper()) SKIP_TEST("there is no strace that may trace");
  for (const std::string error : {"ENOSYS", "EPERM"}) {
    const RegistryView state;
    auto options = state.options();
    options.prepare = [] { ::dup2(::open("/etc/passwd", O_RDONLY | O_CLOEXEC), 77); };
    const auto ended =
        run(tampered("close_range:error=" + error, in_shard(script, {"--timeout", "20s"})), options);
    CAPTURE(error, ended.err);
    CHECK(ended.status == 0);
    CHECK(ended.out == "closed\n");
  }
}

}  // namespace nslaunch::test
