#include <fcntl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <functional>

#include "registry/record.hpp"
#include "support/namespaces.hpp"
#include "support/registry_scene.hpp"
#include "support/skip.hpp"
#include "sys/check.hpp"

namespace {

using namespace nslaunch;
using test::IdleProcess;
using test::make_record;
using test::StateDir;

/// A complete record of an orphaned shard: what would be killed if it were followed or believed.
std::string orphan(const std::string& id, const ProcessIdentity& init) {
  auto record = make_record(id);
  record.launcher.pidfd_inode += 1;
  record.launcher.start_ticks += 1;
  record.init = init;
  return registry::encode(record, ShardState::kRunning);
}

void bind_socket(const std::string& path) {
  const sys::Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  REQUIRE(path.size() < sizeof address.sun_path);
  std::memcpy(address.sun_path, path.c_str(), path.size());
  REQUIRE(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
}

struct Sick {
  std::string problem;
  bool reaped = false;  ///< a damaged record goes; whatever else it is stays
};

/// What "sick.shard" in `dir` is made, by number; nothing after the last.
Sick make_sick(int number, const StateDir& dir, const ProcessIdentity& init) {
  const auto path = dir / "sick.shard";
  const auto good = orphan("sick", init);
  switch (number) {
    case 0:
      return test::write(path, ""), Sick{"damaged", true};
    case 1:
      return test::write(path, good.substr(0, good.size() / 2)), Sick{"damaged", false};
    case 2:
      return test::write(path, std::string(300, '\xff')), Sick{"damaged", true};
    case 3:
      return test::write(path, "nslaunch 2 R" + good.substr(12)),
             Sick{"written by a newer nslaunch (format 2)"};
    case 4:
      return test::write(path, good + std::string(1'000'000, ' ')), Sick{"too large for a record"};
    case 5:
      test::write(dir.around() + "/target", good);
      REQUIRE(::symlink((dir.around() + "/target").c_str(), path.c_str()) == 0);
      return {"a symbolic link"};
    case 6:
      REQUIRE(::symlink("sick.shard", path.c_str()) == 0);
      return {"a symbolic link"};
    case 7:
      REQUIRE(::mkdir(path.c_str(), 0700) == 0);
      return {"not a regular file"};
    case 8:
      REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
      return {"not a regular file"};
    case 9:
      return bind_socket(path), Sick{"not a regular file"};
    default:
      return {};
  }
}

std::string one_problem(std::vector<std::string> problems) {
  return problems.size() == 1 ? problems.front() : std::to_string(problems.size()) + " problems";
}

/// What publishing, listing, sweeping and reaping say of a folder that can't be used.
struct Said {
  std::string published, listed, reaped;
};

Said use_folder() {
  Said said;
  std::vector<std::string> warnings;
  CHECK_FALSE(registry::Registration::publish(make_record("aaaa"), said.published));
  CHECK(list_shards(false, warnings).empty());
  said.listed = one_problem(warnings);
  registry::sweep();
  said.reaped = one_problem(reap_shards(false).problems);
  return said;
}

void check_refused(const std::string& why) {
  const auto said = use_folder();
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

TEST_CASE("a record that is none is shown as unreadable, never followed, never a kill", "[system]") {
  const int number = GENERATE(range(0, 10));
  INFO("case " << number);
  const StateDir dir;
  const IdleProcess init;
  const auto live = test::publish(make_record("live"));
  const auto sick = make_sick(number, dir, init.identity());
  CHECK(test::states() == "live starting, sick unreadable");
  const auto entry = test::list().at(1);
  CHECK_THAT(entry.problem, Catch::StartsWith(sick.problem));
  CHECK_THROWS_AS(signal_shard(entry, SIGKILL), Error);
  registry::sweep();
  CHECK(test::states() == "live starting, sick unreadable");
  const auto reaped = reap_shards(false);
  CHECK(reaped.removed == (sick.reaped ? 1 : 0));
  CHECK(reaped.ended == 0);
  CHECK(test::states() == (sick.reaped ? "live starting" : "live starting, sick unreadable"));
  CHECK_FALSE(init.has_ended());
}

TEST_CASE("files that are not of the registry are shown and left alone", "[system]") {
  const StateDir dir;
  const IdleProcess init;
  test::leave_record(make_record("aaaa"));
  test::write(dir / "notes.txt", "");
  test::write(dir / ".hidden", "");
  test::write(dir / "bbbb.shard~", orphan("bbbb", init.identity()));
  test::write(dir / "copy.shard", orphan("cccc", {}));
  CHECK(test::states() == "aaaa starting, bbbb.shard~ unreadable, copy unreadable, notes.txt unreadable");
  CHECK(test::list().at(2).problem == "a copy of another shard's record");
  reap_shards(false);
  CHECK(::access((dir / "notes.txt").c_str(), F_OK) == 0);
  CHECK(::access((dir / ".hidden").c_str(), F_OK) == 0);
  CHECK(::access((dir / "bbbb.shard~").c_str(), F_OK) == 0);
  CHECK_FALSE(init.has_ended());
}

TEST_CASE("a copy of a live shard's record does not get the shard killed", "[system]") {
  const StateDir dir;
  const IdleProcess init;
  auto record = make_record("aaaa");
  record.init = init.identity();
  const auto live = test::publish(record);
  const auto text = test::read(dir / "aaaa.shard");
  test::write(dir / "bbbb.shard", text);
  REQUIRE(::unlink((dir / "aaaa.shard").c_str()) == 0);
  test::write(dir / "aaaa.shard", text);  // under its own name, and nobody locks it
  CHECK(reap_shards(false).ended == 0);
  CHECK_FALSE(init.has_ended());
}

TEST_CASE("a record of another owner is shown and not believed", "[system]") {
  if (::geteuid() != 0) SKIP_TEST("only root can give a file away");
  const StateDir dir;
  const IdleProcess init;
  test::publish(make_record("aaaa"));
  test::write(dir / "sick.shard", orphan("sick", init.identity()));
  REQUIRE(::chown((dir / "sick.shard").c_str(), 54321, 54321) == 0);
  CHECK(test::list().at(0).problem == "belongs to user 54321");
  CHECK(reap_shards(false).ended == 0);
  CHECK(test::states() == "sick unreadable");
  CHECK_FALSE(init.has_ended());
}

TEST_CASE("a record that its owner may not read is shown as unreadable", "[system]") {
  if (::geteuid() == 0) SKIP_TEST("root may read everything");
  const StateDir dir;
  test::leave_record(make_record("aaaa"));
  REQUIRE(::chmod((dir / "aaaa.shard").c_str(), 0) == 0);
  CHECK(test::list().at(0).problem == "can't be opened: Permission denied");
  CHECK(reap_shards(false).removed == 0);
}

TEST_CASE("a folder that is a symbolic link is not followed", "[system]") {
  const StateDir dir;
  REQUIRE(::mkdir((dir.around() + "/real").c_str(), 0700) == 0);
  REQUIRE(::symlink("real", dir.path().c_str()) == 0);
  ::setenv("NSLAUNCH_STATE_DIR", (dir.path() + GENERATE("", "/", "//")).c_str(), 1);
  check_refused("it is a symbolic link");
}

TEST_CASE("a folder that others can enter is not used", "[system]") {
  const StateDir dir;
  REQUIRE(::mkdir(dir.path().c_str(), 0700) == 0);
  const mode_t mode = GENERATE(0777U, 0755U, 0710U, 01777U);
  REQUIRE(::chmod(dir.path().c_str(), mode) == 0);
  check_refused("instead of 0700 (chmod 700 ");
}

TEST_CASE("a folder that its owner can't write is not used", "[system]") {
  const StateDir dir;
  REQUIRE(::mkdir(dir.path().c_str(), 0700) == 0);
  REQUIRE(::chmod(dir.path().c_str(), 0500) == 0);
  check_refused("its mode is 0500 instead of 0700");
}

TEST_CASE("a folder of another user is not used", "[system]") {
  const StateDir dir;
  ::setenv("NSLAUNCH_STATE_DIR", ::geteuid() == 0 ? dir.path().c_str() : "/root", 1);
  if (::geteuid() == 0) {
    REQUIRE(::mkdir(dir.path().c_str(), 0700) == 0);
    REQUIRE(::chown(dir.path().c_str(), 54321, 54321) == 0);
  }
  check_refused(::geteuid() == 0 ? "it belongs to user 54321" : "");
}

TEST_CASE("a file where the folder should be is a problem, not a crash", "[system]") {
  const StateDir dir;
  test::write(dir.path(), "");
  check_refused("no folder at all");
}

TEST_CASE("a folder that can't be made is a problem of publishing alone", "[system]") {
  const StateDir dir;
  ::setenv("NSLAUNCH_STATE_DIR", (dir.path() + "/below").c_str(), 1);
  const auto said = use_folder();
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
    const bool second = registry::Registration::publish(make_record("bbbb"), problem).has_value();
    text += second ? "; published" : "; " + problem;
    first.set_state(ShardState::kRunning);
    first.set_init(test::own_identity());
    text += "; " + test::states();
    launcher.kill();
    registry::sweep();
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
    registry::Registration::publish(make_record("aaaa"), problem);
    registry::sweep();
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
    const bool published = registry::Registration::publish(make_record("aaaa"), problem).has_value();
    return !published && problem.ends_with("File too large") ? 0 : 1;
  });
  CHECK(test::await_exit(child) == 0);
  CHECK(dir.names().empty());
}
