#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <nslaunch/error.hpp>

#include "registry/place/names.hpp"
#include "support/namespaces.hpp"
#include "support/registry_scene.hpp"
#include "support/registry_view.hpp"
#include "support/skip.hpp"

namespace {

using namespace nslaunch;
using test::be_launcher;
using test::error_of;
using test::IdleProcess;
using test::list;
using test::make_record;
using test::publish;
using test::StateDir;
using test::states;

/// This machine's boot, but another PID namespace.
ProcessIdentity elsewhere(ProcessIdentity identity) {
  ++identity.pidns_inode;
  return identity;
}

ProcessIdentity before_the_boot(ProcessIdentity identity) {
  identity.boot_id = "00000000-0000-0000-0000-000000000000";
  return identity;
}

/// `reuse` turns the identity of a live process into that of an earlier one with its pid.
template <typename Reuse>
void check_never_signalled(Reuse reuse) {
  const StateDir dir;
  const IdleProcess innocent;
  auto record = make_record("aaaa");
  record.init = record.launcher = innocent.identity();
  reuse(record.init);
  reuse(record.launcher);
  test::leave_record(record);
  CHECK(states() == "aaaa dead");
  CHECK_THAT(error_of(list().at(0), SIGKILL), Catch::Contains("No such process"));
  CHECK(reap_shards(false).removed == 1);
  CHECK_FALSE(innocent.has_ended());
}

}  // namespace

TEST_CASE("a live shard is neither reaped nor swept", "[system]") {
  const StateDir dir;
  const IdleProcess init;
  const IdleProcess launcher([&] { be_launcher("aaaa", init.identity()); });
  const auto result = reap_shards(false);
  test::sweep_unhurried();
  CHECK(result.removed + result.ended + result.problems.size() == 0);
  CHECK(states() == "aaaa running");
  CHECK_FALSE(init.has_ended());
}

TEST_CASE("a shard that lost its launcher is orphaned; reaping ends it", "[system]") {
  const StateDir dir;
  const IdleProcess init;
  IdleProcess launcher([&] { be_launcher("aaaa", init.identity()); });
  test::write(dir / "aaaa.sock", "");  // the control socket beside it
  launcher.kill();
  CHECK(states() == "aaaa orphaned");
  SECTION("all of them") {
    const auto result = reap_shards(false);
    CHECK(result.ended == 1);
    CHECK(result.removed == 0);
    CHECK(result.problems.empty());
  }
  SECTION("that one") {
    CHECK(reap_shard(list().at(0)).ended == 1);
  }
  SECTION("in a launch's sweep") {
    test::sweep_unhurried();
  }
  CHECK(init.has_ended());
  CHECK(dir.names().empty());
}

TEST_CASE("a shard without any process left is dead; reaping removes its record", "[system]") {
  const StateDir dir;
  IdleProcess init;
  IdleProcess launcher([&] { be_launcher("aaaa", init.identity()); });
  init.kill();
  launcher.kill();
  CHECK(states() == "aaaa dead");
  SECTION("by reaping") {
    const auto result = reap_shards(false);
    CHECK(result.removed == 1);
    CHECK(result.ended == 0);
  }
  SECTION("by the next launch's sweep") {
    test::sweep_unhurried();
  }
  CHECK(dir.names().empty());
}

TEST_CASE("a record without init, of a launcher killed before it had one, is dead", "[system]") {
  const StateDir dir;
  IdleProcess launcher([] { be_launcher("aaaa", {}); });
  CHECK(states() == "aaaa running");
  launcher.kill();
  CHECK(states() == "aaaa dead");
  CHECK(reap_shards(false).removed == 1);
}

TEST_CASE("a record that was let go of stays until its launcher has ended", "[system]") {
  const StateDir dir;
  IdleProcess launcher([] { test::leave_record(make_record("aaaa")); });
  CHECK(states() == "aaaa starting");
  CHECK(reap_shards(false).removed == 0);
  launcher.kill();
  CHECK(reap_shards(false).removed == 1);
}

TEST_CASE("a pid that lives on as another process, by its pidfd's inode, is never signalled", "[system]") {
  if (test::own_identity().pidfd_inode == 0) SKIP_TEST("pidfds have no inode of their own before Linux 6.9");
  check_never_signalled([](ProcessIdentity& identity) { ++identity.pidfd_inode; });
}

TEST_CASE("a pid that lives on as another process, by its start time, is never signalled", "[system]") {
  check_never_signalled([](ProcessIdentity& identity) {
    identity.pidfd_inode = 0;  // as recorded before Linux 6.9
    ++identity.start_ticks;
  });
}

TEST_CASE("a record of another PID namespace is shown and never acted on", "[system]") {
  const StateDir dir;
  const IdleProcess init;
  auto record = make_record("aaaa");
  record.init = elsewhere(init.identity());
  record.launcher = elsewhere(init.identity());
  auto published = publish(record);
  published.set_state(ShardState::kRunning);
  CHECK(states() == "aaaa running/foreign");
  CHECK_THAT(error_of(list().at(0), SIGKILL), Catch::Contains("another PID namespace"));
  published.abandon();
  CHECK(states() == "aaaa dead/foreign");
  CHECK_THAT(error_of(list().at(0), SIGKILL), Catch::Contains("another PID namespace"));
  CHECK(reap_shards(false).removed == 0);
  CHECK(reap_shard(list().at(0)).removed == 0);
  test::sweep_unhurried();
  CHECK(states() == "aaaa dead/foreign");
  CHECK_FALSE(init.has_ended());
}

TEST_CASE("a record from before the machine started is removed and nobody signalled", "[system]") {
  const StateDir dir;
  const IdleProcess innocent;
  auto record = make_record("aaaa");
  record.init = record.launcher = before_the_boot(elsewhere(innocent.identity()));
  auto published = publish(record);
  CHECK(states() == "aaaa starting/foreign");  // locked: another machine on a shared directory
  CHECK(reap_shards(false).removed == 0);
  CHECK_THAT(error_of(list().at(0), SIGKILL), !Catch::Equals(""));
  published.abandon();
  CHECK(states() == "aaaa dead");
  CHECK(reap_shards(false).removed == 1);
  CHECK_FALSE(innocent.has_ended());
}

TEST_CASE("a temporary file goes when its writer is gone, however young it is", "[system]") {
  const StateDir dir;
  publish(make_record("aaaa"));
  const auto name = [](const char* id) { return registry::temporary_name(id, ::getpid()); };
  for (const auto& file : {name("dead"), std::string(".not-of-ours")}) test::write(dir / file, "x");
  auto written = publish(make_record("bbbb"));
  REQUIRE(::rename((dir / "bbbb.shard").c_str(), (dir / name("bbbb")).c_str()) == 0);
  SECTION("by a launch") {
    test::sweep_unhurried();
  }
  SECTION("by reaping") {
    reap_shards(false);
  }
  CHECK(dir.names() == std::vector<std::string>{name("bbbb"), ".not-of-ours"});
  CHECK(list().empty());
}

TEST_CASE("a record is published also where a sweep takes its file before it is locked", "[system]") {
  const StateDir dir;
  { const auto makes_the_directory = publish(make_record("aaaa")); }
  const pid_t sweeper = test::fork_child([]() -> int {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;) reap_shards(false);
  });
  std::string problems;
  for (int number = 0; number < 2000; ++number) {
    std::string problem;
    const auto published = registry::PublishedRecord::publish(make_record(std::to_string(number)), problem);
    problems += problem;
    if (::access((dir / (std::to_string(number) + ".shard")).c_str(), F_OK) != 0) problems += "no record; ";
  }
  ::kill(sweeper, SIGKILL);
  CHECK(test::await_exit(sweeper) == 128 + SIGKILL);
  CHECK(problems.empty());
  CHECK(dir.names().empty());
}

TEST_CASE("a socket whose record was removed by hand is reaped, unless somebody listens on it", "[system]") {
  const StateDir dir;
  auto live = publish(make_record("live"));
  const auto socket = live.make_control_socket();
  REQUIRE(::listen(socket.get(), 1) == 0);  // as init does
  {
    auto dead = publish(make_record("dead"));
    dead.make_control_socket();
    dead.abandon();
  }
  for (const char* name : {"live.shard", "dead.shard"}) REQUIRE(::unlink((dir / name).c_str()) == 0);
  CHECK(reap_shards(false).problems.empty());
  CHECK(dir.names() == std::vector<std::string>{"live.sock"});
}

TEST_CASE("a launch sweeps no more than its limit and makes no directory", "[system]") {
  const StateDir dir;
  registry::sweep();
  CHECK(::access(dir.path().c_str(), F_OK) != 0);
  IdleProcess launcher([] {
    for (int number = 0; number < 100; ++number) test::leave_record(make_record(std::to_string(number)));
  });
  launcher.kill();
  registry::sweep({10, std::chrono::seconds{20}});
  CHECK(dir.names().size() == 90);
  registry::sweep({1000, std::chrono::milliseconds{0}});
  CHECK(dir.names().size() == 90);
  CHECK(reap_shards(false).removed == 90);
  CHECK(dir.names().empty());
}
