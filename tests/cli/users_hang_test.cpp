#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <sstream>
#include <string>

#include "support/hostile.hpp"
#include "support/namespaces.hpp"
#include "support/process.hpp"
#include "support/skip.hpp"
#include "sys/base/check.hpp"
#include "sys/base/files.hpp"

// What a user learns and does by a hang of his own command, with processes in the shard that are not his.
namespace nslaunch::test {
namespace {

namespace fs = std::filesystem;
using Catch::Matchers::Contains;

/// A command that says nothing any more, with a child that is root by a set-user-id program of the host's.
struct HangWithRoot {
  HangWithRoot() {
    fs::copy_file("/usr/bin/setpriv", become_root);
    REQUIRE(::chmod(become_root.c_str(), 04755) == 0);
  }

  Result hang() const {
    const auto script = become_root + " --reuid 0 --regid 0 --clear-groups bash -c \"" + "trap 'touch " +
                        user.own + "/roots' USR2; while :; do sleep 0.1; done\" & " + "trap 'touch " +
                        user.own + "/own' USR2; while :; do sleep 0.1; done";
    return user.run_with({"--silence", "1500ms", "--dump-signal", "USR2", "--leaks", "ignore", "--artifacts",
                          user.own + "/found"},
                         script);
  }
  std::string report() const {
    for (const auto& entry : fs::directory_iterator(user.own + "/found")) {
      if (entry.path().filename().string().starts_with("autopsy-"))
        return sys::read_file(entry.path().c_str(), 16 << 20).value_or("");
    }
    return {};
  }

  Hostile user;
  std::string become_root = user.ground / "become-root";
};

/// Of a process's row: what it waits in.
std::string waits_of(const std::string& report, const std::string& command) {
  std::istringstream lines(report.substr(report.find("\nprocesses\n")));
  for (std::string line; std::getline(lines, line);) {
    if (line.find(command) == std::string::npos) continue;
    std::istringstream words(line);
    std::string pid, outside, state, waits;
    words >> pid >> outside >> state >> waits;
    return waits;
  }
  return "no such row";
}

}  // namespace

TEST_CASE("a dump signal reaches no process that the command's user could not signal") {
  const HangWithRoot scene;
  const auto ended = scene.hang();
  INFO(ended.err);
  CHECK(ended.status == 124);
  CHECK(fs::exists(scene.user.own + "/own"));
  CHECK_FALSE(fs::exists(scene.user.own + "/roots"));
  CHECK_THAT(ended.err, Contains("sent SIGUSR2 to"));
}

TEST_CASE("a hang report tells another user nothing that only root may see") {
  const HangWithRoot scene;
  const auto ended = scene.hang();
  INFO(ended.err);
  const auto report = scene.report();
  INFO(report);
  CHECK_THAT(report, !Contains("  in "));
  CHECK(waits_of(report, "(shard-init)") == "-");
  CHECK(waits_of(report, "  (bash)") == "-");
  CHECK_THAT(report, !Contains("nslaunch --user"));
  CHECK(waits_of(report, "   sh -c ") != "-");
}

TEST_CASE("a result that is another user's names processes that are not his, and says no more of them") {
  const HangWithRoot scene;
  const auto root = scene.become_root + " --reuid 0 --regid 0 --clear-groups sh -c 'exec sleep 1000' & ";
  const auto results = scene.user.own + "/results";
  auto words = scene.user.words({"--artifacts", results, "--", "sh", "-c", root + "sleep 999 & sleep 0.3"});
  words.insert(words.begin(), {"run", "--shards", "1", "--leaks", "warn"});
  const auto ended = run(nslaunch(words), scene.user.options());
  INFO(ended.err);
  std::string result;
  for (const auto& entry : fs::recursive_directory_iterator(results)) {
    if (entry.path().filename() == "result.json") result = sys::read_file(entry.path().c_str()).value_or("");
  }
  CHECK_THAT(result, Contains("\"sleep 999\"") && Contains("\"(sleep)\"") && !Contains("\"sleep 1000\""));
}

TEST_CASE("where /proc hides others' processes it does so in another user's shard") {
  const Hostile user;
  const auto told = in_new_namespaces(CLONE_NEWPID | CLONE_NEWNS, [&] {
    if (!mount_proc()) return std::string("no /proc");
    const auto look = [&] { return user.run_with({}, "cat /proc/1/cmdline >/dev/null && echo seen").out; };
    const auto usual = look();
    sys::check(::mount("proc", "/proc", "proc", 0, "hidepid=2"), "hiding processes");
    return usual + look();
  });
  if (told == "no /proc") SKIP_TEST("a fresh /proc can't be mounted here");
  CHECK(told == "seen\n");
}

}  // namespace nslaunch::test
