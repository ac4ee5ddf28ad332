#include <fcntl.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>

#include "support/process.hpp"
#include "support/registry_view.hpp"
#include "support/temp_dir.hpp"
#include "sys/base/check.hpp"
#include "sys/base/clock.hpp"

namespace nslaunch::test {
namespace {

using std::chrono::milliseconds;

struct TimedRun {
  RegistryView registry;
  std::string mark = unique_text();

  Result of(const std::string& script, Words options) const {
    options.insert(options.end(), {"--", "bash", "-c", script, mark});
    const auto result = run(nslaunch(std::move(options)), registry.options());
    CHECK(find_processes(mark).empty());
    CHECK(registry.files() == Words{});
    return result;
  }
};

TEST_CASE("a command that outlives --timeout gets SIGTERM, and nslaunch exits with 124") {
  const TimedRun timed;
  const auto result = timed.of("echo before; sleep 1000", {"--timeout", "1s"});
  INFO(result.err);
  CHECK(result.status == 124);
  CHECK(result.out == "before\n");
  CHECK(result.err.find("longer than 1.0s") != std::string::npos);
}

TEST_CASE("a command may clean up in its grace after --timeout; its output is kept and its status is not") {
  const TimedRun timed;
  const auto result =
      timed.of("trap 'echo cleaned up; exit 0' TERM; echo before; while :; do sleep 0.01; done",
               {"--timeout", "1s", "--grace", "1h"});
  INFO(result.err);
  CHECK(result.status == 124);
  CHECK(result.out == "before\ncleaned up\n");
}

TEST_CASE("a command that ignores SIGTERM is killed when its grace is over") {
  const TimedRun timed;
  const auto started = sys::Clock::now();
  const auto result = timed.of("trap '' TERM; echo before; while :; do sleep 0.01; done",
                               {"--timeout", "1s", "--grace", "300ms"});
  INFO(result.err);
  CHECK(result.status == 124);
  CHECK(result.out == "before\n");
  CHECK(result.err.find("did not end within 300ms") != std::string::npos);
  CHECK(sys::Clock::now() - started >= milliseconds(1300));
}

TEST_CASE("a --timeout within the grace of another end is no second end") {
  const TimedRun timed;
  const auto script = "trap 'echo TERM' TERM; echo ready; while :; do sleep 0.01; done";
  Process launcher(nslaunch({"--timeout", "2s", "--grace", "3s", "--", "bash", "-c", script, timed.mark}),
                   timed.registry.options());
  REQUIRE(launcher.read_line() == "ready");
  launcher.send_signal(SIGTERM);
  const auto result = launcher.wait();
  INFO(result.err);
  CHECK(result.signal == SIGKILL);
  CHECK(result.out == "TERM\n");
  CHECK(result.err.find("longer than") == std::string::npos);
}

TEST_CASE("a command that ends in time keeps its status") {
  const TimedRun timed;
  CHECK(timed.of("exit 3", {"--timeout", "1h"}).status == 3);
  const auto clean = timed.of("true", {"--timeout", "1h"});
  CHECK(clean.status == 0);
  CHECK(clean.err.empty());
}

TEST_CASE("the words --timeout ends a command that is stopped") {
  const TimedRun timed;
  const auto result = timed.of("kill -STOP $$; echo continued", {"--timeout", "200ms", "--grace", "200ms"});
  INFO(result.err);
  CHECK(result.status == 124);
  CHECK(result.out.empty());
}

TEST_CASE("the words --timeout ends every process of the shard, also those of another session") {
  const TimedRun timed;
  const auto result = timed.of(
      "trap '' TERM; setsid bash -c 'trap \"\" TERM; while :; do sleep 0.01; done' $0 & while :; do sleep "
      "0.01; done",
      {"--timeout", "1s", "--grace", "100ms", "--leaks", "ignore"});
  INFO(result.err);
  CHECK(result.status == 124);
}

/// A pipe that takes nothing more.
sys::Pipe full_pipe() {
  auto pipe = sys::make_pipe();
  ::fcntl(pipe.write.get(), F_SETFL, O_NONBLOCK);
  const std::string filler(4096, '-');
  while (::write(pipe.write.get(), filler.data(), filler.size()) > 0) {
  }
  ::fcntl(pipe.write.get(), F_SETFL, 0);
  return pipe;
}

TEST_CASE("the words --timeout ends a command although nobody takes what it and nslaunch have to say") {
  const TimedRun timed;
  auto full = full_pipe();
  auto options = timed.registry.options();
  options.prepare = [&] {
    ::dup2(full.write.get(), STDOUT_FILENO);
    ::dup2(full.write.get(), STDERR_FILENO);
  };
  const TempDir directory;
  const auto begun = directory / "begun";
  Process launcher(nslaunch({"--tmp", "host", "--timeout", "1s", "--grace", "200ms", "--", "bash", "-c",
                             "touch $1; exec yes $0", timed.mark, begun}),
                   options);
  const auto yes = "yes " + timed.mark;
  REQUIRE(eventually([&] { return std::filesystem::exists(begun); }));
  CHECK(all_gone(yes));
  full.write.reset();
  full.read.reset();
  CHECK(launcher.wait().status == 124);
}

TEST_CASE("durations that make no sense are refused before anything runs") {
  const TimedRun timed;
  const auto option = GENERATE(as<std::string>(), "--timeout", "--grace", "--leak-grace");
  for (const auto* bad : {"", "0", "5", "-1s", "s", "1.5s", "1s1m", "1m 30s", "10x", "1h1h",
                          "99999999999999999999s", "4000d", "1e3ms", " 1s", "1s "}) {
    const auto result = timed.of("echo ran", {option, bad});
    INFO(option << " '" << bad << "': " << result.err);
    CHECK(result.status == 125);
    CHECK(result.out.empty());
    CHECK(result.err.starts_with("nslaunch: "));
    CHECK(result.err.find(option) != std::string::npos);
  }
  CHECK(timed.of("echo ran", {"--timeout", "0s"}).status == 125);
}

TEST_CASE("every way to write a duration is understood, also in the environment") {
  TimedRun timed;
  for (const auto* good : {"1h30m", "2d", "90s", "250000ms", "1h0m5s"}) {
    INFO(good);
    CHECK(timed.of("exit 4", {"--timeout", good}).status == 4);
  }
  auto options = timed.registry.options();
  options.environment.push_back("NSLAUNCH_OPT_TIMEOUT=100ms");
  CHECK(run(nslaunch({"--", "sleep", "1000"}), options).status == 124);
  CHECK(run(nslaunch({"--timeout", "1h", "--", "sleep", "0.3"}), options).status == 0);
}

}  // namespace
}  // namespace nslaunch::test
