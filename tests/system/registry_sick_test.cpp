#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <cstring>

#include "registry/record/record.hpp"
#include "support/registry_scene.hpp"
#include "support/skip.hpp"
#include "sys/base/fd.hpp"

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
  test::sweep_unhurried();
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
  if (::geteuid() != 0) SKIP_TEST("needs root to give a file away");
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
  if (::geteuid() == 0) SKIP_TEST("needs an ordinary user: root may read everything");
  const StateDir dir;
  test::leave_record(make_record("aaaa"));
  REQUIRE(::chmod((dir / "aaaa.shard").c_str(), 0) == 0);
  CHECK(test::list().at(0).problem == "can't be opened: Permission denied");
  CHECK(reap_shards(false).removed == 0);
}
