#include <nslaunch/run.hpp>

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <nslaunch/error.hpp>
#include <nslaunch/fleet.hpp>
#include <nslaunch/shard.hpp>

#include <catch2/catch.hpp>
#include <csignal>
#include <stdexcept>
#include <thread>

#include "support/embedded.hpp"
#include "support/namespaces.hpp"
#include "support/registry_scene.hpp"
#include "sys/base/check.hpp"
#include "sys/base/files.hpp"
#include "sys/process/procfs.hpp"

namespace nslaunch::test {
namespace {

/// Inherited by a command, and of one digit, which is all that some shells know.
sys::Fd inheritable(int descriptor) {
  sys::Fd copy(sys::check(::fcntl(descriptor, F_DUPFD, 3), "copying a descriptor"));
  if (copy.get() > 9) throw std::runtime_error("too many descriptors are open");
  return copy;
}

std::string what_is(int number) {
  struct stat status = {};
  if (::fstat(number, &status) != 0) return "closed";
  return fmt::format("{} {} {}", status.st_dev, status.st_ino, ::fcntl(number, F_GETFD));
}

FleetSpec fleet_of(const std::string& script) {
  FleetSpec fleet;
  fleet.shard = shell_spec(script);
  fleet.parts = {{.index = 1, .total = 2, .name = "one"}, {.index = 2, .total = 2, .name = "two"}};
  fleet.jobs = 2;
  return fleet;
}

/// In a child whose standard output and error nobody reads.
int in_quiet_child(const std::function<int()>& body) {
  return await_exit(fork_child([&] {
    const auto null = sys::open_file("/dev/null", O_RDWR);
    ::dup2(null.get(), STDOUT_FILENO);
    ::dup2(null.get(), STDERR_FILENO);
    return body();
  }));
}

template <typename Call>
std::string usage_error_of(Call&& call) {
  try {
    call();
  } catch (const UsageError& error) {
    return error.what();
  }
  return "none";
}

}  // namespace

TEST_CASE("two runs in one process are alike, and leave its descriptors open and what they were") {
  const StateDir state;
  Heard heard;
  auto writer = inheritable(heard.writer());
  const auto input = inheritable(sys::open_file("/dev/null", O_RDONLY).get());
  const auto before = open_descriptors();
  const auto input_before = what_is(STDIN_FILENO);
  const auto output_before = what_is(STDOUT_FILENO);
  const auto spec = shell_spec(
      fmt::format("echo heard >&{}; cat <&{}; [ -e /proc/self/fd/1 ] && exit 3", writer.get(), input.get()));
  for (int run = 0; run < 2; ++run) CHECK(run_shard(spec).exit_status == 3);
  CHECK(open_descriptors() == before);
  CHECK(what_is(STDIN_FILENO) == input_before);
  CHECK(what_is(STDOUT_FILENO) == output_before);
  writer.reset();
  CHECK(heard.rest() == "heard\nheard\n");
}

TEST_CASE("a process that gives its descriptors up for a run keeps stderr and what it has named") {
  const StateDir state;
  CHECK(in_quiet_child([] {
          const auto given_up = inheritable(STDIN_FILENO);
          const auto kept = inheritable(STDERR_FILENO);
          const auto output = what_is(STDOUT_FILENO);
          const auto outcome =
              run_shard(shell_spec("exit 3"), {}, {.give_up_descriptors = true, .keep_open = {kept.get()}});
          const bool as_told = what_is(given_up.get()) == "closed" && what_is(kept.get()) != "closed" &&
                               what_is(STDERR_FILENO) != "closed" && what_is(STDOUT_FILENO) != output;
          return as_told ? outcome.exit_status : 1;
        }) == 3);
}

TEST_CASE("a process with several threads is refused, and one whose other threads were joined is not") {
  const StateDir state;
  {
    const auto gate = sys::make_pipe();
    std::thread other([&] {
      char byte = 0;
      static_cast<void>(::read(gate.read.get(), &byte, 1));
    });
    const auto spec = shell_spec("exit 3");
    const auto refused = Catch::Contains("one thread, and this one has 2");
    CHECK_THAT(usage_error_of([&] { run_shard(spec); }), refused);
    CHECK_THAT(usage_error_of([&] { run_fleet(fleet_of("exit 3")); }), refused);
    CHECK_THAT(usage_error_of([&] { Shard{spec}; }), refused);
    REQUIRE(::write(gate.write.get(), "x", 1) == 1);
    other.join();
  }
  CHECK(run_shard(shell_spec("exit 3")).exit_status == 3);
  for (int count = 0; count < 2000; ++count) {
    std::thread([] {}).join();
    REQUIRE(sys::own_threads() == 1);
  }
}

TEST_CASE("a run is cancelled by a descriptor as by SIGTERM") {
  const StateDir state;
  const auto cancel = inheritable(sys::Fd(::eventfd(0, EFD_CLOEXEC)).get());
  const auto cancelling = fmt::format("printf '\\1\\0\\0\\0\\0\\0\\0\\0' >&{}; ", cancel.get());
  const RunOptions options{.cancel = cancel.get()};
  SECTION("its command gets it, and has its grace") {
    auto spec = shell_spec("trap 'exit 7' TERM; " + cancelling + "while :; do sleep 0.1; done");
    const auto outcome = run_shard(spec, {}, options);
    CHECK(outcome.cause == EndCause::kTerminated);
    CHECK(outcome.exit_status == 7);
  }
  SECTION("one that ignores it is killed") {
    auto spec = shell_spec("trap '' TERM; " + cancelling + "sleep 1000");
    spec.grace = std::chrono::milliseconds{100};
    const auto outcome = run_shard(spec, {}, options);
    CHECK(outcome.grace_expired);
    CHECK(outcome.term_signal == SIGKILL);
    CHECK(outcome.all_gone);
  }
  SECTION("a launch ends before the command") {
    REQUIRE(::eventfd_write(cancel.get(), 1) == 0);
    CHECK_THROWS_AS(run_shard(shell_spec(cancelling + "exit 3"), {}, options), Error);
    eventfd_t count = 0;
    REQUIRE(::eventfd_read(cancel.get(), &count) == 0);
    CHECK(count == 1);
  }
  SECTION("all shards of a fleet end") {
    CHECK(in_quiet_child([&] {
            auto fleet = fleet_of(cancelling + "exec sleep 1000");
            fleet.cancel = cancel.get();
            const auto result = run_fleet(fleet);
            const bool all_cancelled =
                std::all_of(result.parts.begin(), result.parts.end(),
                            [](const auto& part) { return part.status == Status::kCancelled; });
            return result.end == FleetEnd::kTerminated && all_cancelled ? 3 : 1;
          }) == 3);
  }
  CHECK(state.names().empty());
}

TEST_CASE("a single run that belongs to another's run gets the real signal from nslaunch kill") {
  const StateDir state;
  Heard heard;
  const auto ready = inheritable(heard.writer());
  auto spec = shell_spec(
      fmt::format("trap 'exit 7' TERM; echo $NSLAUNCH_ID >&{}; while :; do sleep 0.1; done", ready.get()));
  spec.run_id = "0badcafe";
  const pid_t launcher = fork_child([&] { return run_shard(spec).exit_status; });
  const auto id = heard.line();
  REQUIRE(id);
  REQUIRE(run(nslaunch({"kill", "--grace", "60s", *id})).status == 0);
  CHECK(await_exit(launcher) == 7);
}

}  // namespace nslaunch::test
