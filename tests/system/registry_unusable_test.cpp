#include <fcntl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <cstring>

#include "support/namespaces.hpp"
#include "support/registry_scene.hpp"
#include "sys/base/check.hpp"

namespace {

using namespace nslaunch;
using test::IdleProcess;
using test::make_record;
using test::StateDir;

std::string one_problem(std::vector<std::string> problems) {
  return problems.size() == 1 ? problems.front() : std::to_string(problems.size()) + " problems";
}

/// What publishing, listing, sweeping and reaping say of a directory that can't be used.
struct Said {
  std::string published, listed, reaped;
};

Said use_directory() {
  Said said;
  std::vector<std::string> warnings;
  CHECK_FALSE(registry::PublishedRecord::publish(make_record("aaaa"), said.published));
  CHECK(list_shards(false, warnings).empty());
  said.listed = one_problem(warnings);
  test::sweep_unhurried();
  said.reaped = one_problem(reap_shards(false).problems);
  return said;
}

void check_refused(const std::string& why) {
  const auto said = use_directory();
  CHECK_THAT(said.published, Catch::Contains(why));
  CHECK(said.published.find('\n') == std::string::npos);
  CHECK_THAT(said.listed, Catch::Contains(why));
  CHECK_THAT(said.reaped, Catch::Contains(why));
}

std::string fill_up(const std::string& path) {
  const sys::Fd file(sys::check(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600), "filling"));
  const std::string block(4096, 'x');
  while (::write(file.get(), block.data(), block.size()) > 0) {
  }
  return std::strerror(errno);
}

}  // namespace

TEST_CASE("a directory that is a symbolic link is not followed", "[system]") {
  const StateDir dir;
  REQUIRE(::mkdir((dir.around() + "/real").c_str(), 0700) == 0);
  REQUIRE(::symlink("real", dir.path().c_str()) == 0);
  ::setenv("NSLAUNCH_STATE_DIR", (dir.path() + GENERATE("", "/", "//")).c_str(), 1);
  check_refused("it is a symbolic link");
}

TEST_CASE("a directory that others can enter is not used", "[system]") {
  const StateDir dir;
  REQUIRE(::mkdir(dir.path().c_str(), 0700) == 0);
  const mode_t mode = GENERATE(0777U, 0755U, 0710U, 01777U);
  REQUIRE(::chmod(dir.path().c_str(), mode) == 0);
  check_refused("instead of 0700 (chmod 700 ");
}

TEST_CASE("a directory that its owner can't write is not used", "[system]") {
  const StateDir dir;
  REQUIRE(::mkdir(dir.path().c_str(), 0700) == 0);
  REQUIRE(::chmod(dir.path().c_str(), 0500) == 0);
  check_refused("its mode is 0500 instead of 0700");
}

TEST_CASE("a directory of another user is not used", "[system]") {
  const StateDir dir;
  ::setenv("NSLAUNCH_STATE_DIR", ::geteuid() == 0 ? dir.path().c_str() : "/root", 1);
  if (::geteuid() == 0) {
    REQUIRE(::mkdir(dir.path().c_str(), 0700) == 0);
    REQUIRE(::chown(dir.path().c_str(), 54321, 54321) == 0);
  }
  check_refused(::geteuid() == 0 ? "it belongs to user 54321" : "");
}

TEST_CASE("a file where the directory should be is a problem, not a crash", "[system]") {
  const StateDir dir;
  test::write(dir.path(), "");
  check_refused("no directory at all");
}

TEST_CASE("a directory that can't be made is a problem of publishing alone", "[system]") {
  const StateDir dir;
  ::setenv("NSLAUNCH_STATE_DIR", (dir.path() + "/below").c_str(), 1);
  const auto said = use_directory();
  CHECK_THAT(said.published, Catch::Contains("can't be made: No such file or directory"));
  CHECK(said.listed == "0 problems");
  CHECK(said.reaped == "0 problems");
}

TEST_CASE("a full file system loses no record and keeps no half of one", "[system]") {
  const auto seen = test::in_private_mounts([] {
    ::setenv("NSLAUNCH_STATE_DIR", "/run/state", 1);
    IdleProcess launcher([] { test::leave_record(make_record("dead")); });
    auto first = test::publish(make_record("aaaa"));
    std::string text = fill_up("/run/filler");
    std::string problem;
    const bool second = registry::PublishedRecord::publish(make_record("bbbb"), problem).has_value();
    text += second ? "; published" : "; " + problem;
    first.set_state(ShardState::kRunning);
    auto other = make_record("aaaa");
    other.name = std::string(250, 'x');
    first.rewrite(other, ShardState::kStopping);
    text += "; " + test::states();
    launcher.kill();
    test::sweep_unhurried();
    text += "; " + test::states();
    first.remove();
    return text + (::rmdir("/run/state") == 0 ? "; nothing else" : "; something else");
  });
  CHECK(seen ==
        "No space left on device; the shard is not recorded: writing the record: No space left on "
        "device; aaaa running, dead starting; aaaa running; nothing else");
}

TEST_CASE("a read-only file system is a problem, and what is on it is still shown", "[system]") {
  const auto seen = test::in_private_mounts([] {
    ::setenv("NSLAUNCH_STATE_DIR", "/run/state", 1);
    IdleProcess launcher([] { test::leave_record(make_record("dead")); });
    launcher.kill();
    sys::check(::mount(nullptr, "/run", nullptr, MS_REMOUNT | MS_RDONLY, nullptr), "remounting");
    std::string problem;
    registry::PublishedRecord::publish(make_record("aaaa"), problem);
    test::sweep_unhurried();
    return problem + "; " + test::states() + "; " + one_problem(reap_shards(false).problems);
  });
  CHECK_THAT(seen,
             Catch::Contains("Read-only file system; dead dead; nothing can be removed from /run/state: "
                             "Read-only file system"));
}

TEST_CASE("a limit on file sizes costs the record, not the launcher", "[system]") {
  const StateDir dir;
  test::publish(make_record("made"));
  const pid_t child = test::fork_child([] {
    const rlimit none = {0, RLIM_INFINITY};
    ::setrlimit(RLIMIT_FSIZE, &none);
    std::string problem;
    const bool published = registry::PublishedRecord::publish(make_record("aaaa"), problem).has_value();
    return !published && problem.ends_with("File too large") ? 0 : 1;
  });
  CHECK(test::await_exit(child) == 0);
  CHECK(dir.names().empty());
}
