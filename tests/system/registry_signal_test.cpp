#include <sys/wait.h>

#include <catch2/catch.hpp>
#include <csignal>

#include "support/registry_scene.hpp"

namespace {

using namespace nslaunch;
using test::be_launcher;
using test::error_of;
using test::IdleProcess;
using test::list;
using test::StateDir;

}  // namespace

TEST_CASE("a signal goes to the launcher", "[system]") {
  const StateDir dir;
  const IdleProcess init;
  IdleProcess launcher([&] { be_launcher("aaaa", init.identity()); });
  signal_shard(list().at(0), SIGUSR1);
  CHECK(WTERMSIG(launcher.await_end()) == SIGUSR1);
  CHECK_FALSE(init.has_ended());
}

TEST_CASE("a single shard with the id of a run that is another's gets the signal itself", "[system]") {
  const StateDir dir;
  const IdleProcess init;
  IdleProcess launcher([&] { be_launcher("aaaa", init.identity(), "run"); });
  signal_shard(list().at(0), SIGUSR1);
  CHECK(WTERMSIG(launcher.await_end()) == SIGUSR1);
  CHECK_FALSE(init.has_ended());
}

TEST_CASE("a signal for one of several shards goes to their launcher with the pid of the shard's init",
          "[system]") {
  const StateDir dir;
  IdleProcess init;
  IdleProcess launcher([&] { be_launcher("aaaa", init.identity(), "run", true); });
  const auto entry = list().at(0);
  SECTION("any that can be caught") {
    signal_shard(entry, SIGUSR1);
    CHECK(WTERMSIG(launcher.await_end()) == SIGRTMIN);
    CHECK_FALSE(init.has_ended());
  }
  SECTION("but SIGKILL to init alone") {
    signal_shard(entry, SIGKILL);
    CHECK(WTERMSIG(init.await_end()) == SIGKILL);
    CHECK_FALSE(launcher.has_ended());
  }
  SECTION("and SIGSTOP to nobody") {
    CHECK_THAT(error_of(entry, SIGSTOP), Catch::Contains("would stop all shards"));
    CHECK_FALSE(launcher.has_ended());
  }
}

TEST_CASE("any signal to an orphaned shard is SIGKILL for its init", "[system]") {
  const StateDir dir;
  IdleProcess init;
  IdleProcess launcher([&] { be_launcher("aaaa", init.identity()); });
  launcher.kill();
  const auto entry = list().at(0);
  signal_shard(entry, SIGUSR1);
  CHECK(WTERMSIG(init.await_end()) == SIGKILL);
  CHECK_THAT(error_of(entry, SIGTERM), Catch::Contains("nslaunch reap"));
}
