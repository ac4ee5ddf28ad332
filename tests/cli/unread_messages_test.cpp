#include <fcntl.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <csignal>
#include <utility>

#include "support/process.hpp"
#include "support/registry_view.hpp"
#include "sys/process/procfs.hpp"

// nslaunch's own messages to a stderr that takes none for a while.
namespace nslaunch::test {
namespace {

/// That a reader pauses is no event.
constexpr std::chrono::milliseconds kPause{300};

/// A pipe that takes nothing until it is read.
class FullPipe {
 public:
  FullPipe() {
    REQUIRE(::fcntl(pipe_.write.get(), F_SETFL, O_NONBLOCK) == 0);
    const std::string page(4096, '.');
    while (::write(pipe_.write.get(), page.data(), page.size()) > 0) continue;
    REQUIRE(::fcntl(pipe_.write.get(), F_SETFL, 0) == 0);
  }
  StartOptions as_stderr_of(StartOptions options) const {
    options.prepare = [writer = pipe_.write.get()] { ::dup2(writer, STDERR_FILENO); };
    return options;
  }
  std::string read_until(const std::string& word) const {
    std::string all;
    char chunk[4096];
    while (all.find(word) == std::string::npos) {
      const ssize_t count = ::read(pipe_.read.get(), chunk, sizeof chunk);
      if (count <= 0) break;
      all.append(chunk, static_cast<std::size_t>(count));
    }
    return all;
  }

 private:
  sys::Pipe pipe_ = sys::make_pipe();
};

void wait_until_asleep(pid_t pid) {
  REQUIRE(eventually([&] {
    const auto stat = sys::read_stat(pid);
    return stat && stat->state == 'S';
  }));
}

}  // namespace

TEST_CASE("a signal ends nslaunch while nobody reads its own messages, and leaves no record") {
  const RegistryView registry;
  const FullPipe unread;
  // Only the command has the sum in its command line.
  Process process(in_shard(fmt::format("echo ready; exec sleep $((1000000 + {}))", ::getpid()),
                           {"--timeout", "500ms", "--grace", "100ms"}),
                  unread.as_stderr_of(registry.options()));
  REQUIRE(process.read_line() == "ready");
  REQUIRE(all_gone(fmt::format("sleep {}", 1000000 + ::getpid())));
  process.send_signal(SIGTERM);
  CHECK(process.wait().status == 124);
  CHECK(registry.files() == Words{});
}

TEST_CASE("a signal ends a launch while nobody reads nslaunch's own messages") {
  const RegistryView registry;
  const FullPipe unread;
  Process process(in_shard("true", {"-v"}), unread.as_stderr_of(registry.options()));
  wait_until_asleep(process.pid());
  process.send_signal(SIGTERM);
  CHECK(process.wait().signal == SIGTERM);
}

TEST_CASE("a signal that is ignored does not keep a message from its reader") {
  const RegistryView registry;
  const auto all = run(in_shard("exit 3", {"-v"}), registry.options()).err;
  const auto first = all.substr(0, all.find('\n'));
  const FullPipe unread;
  auto options = unread.as_stderr_of(registry.options());
  options.prepare = [as_stderr = std::move(options.prepare)] {
    as_stderr();
    std::signal(SIGHUP, SIG_IGN);
  };
  Process process(in_shard("exit 3", {"-v"}), options);
  wait_until_asleep(process.pid());
  process.send_signal(SIGHUP);
  REQUIRE_FALSE(process.pidfd().wait_for_end(kPause));
  CHECK_THAT(unread.read_until("exited with 3"), Catch::Matchers::Contains(first));
  CHECK(process.wait().status == 3);
}

TEST_CASE("a signal that the command has handled does not keep a later message from its reader") {
  const RegistryView registry;
  const FullPipe unread;
  Process process(
      in_shard(
          "trap '' INT; sleep 1000 & trap 'echo got; exit 3' INT; echo ready; while :; do sleep 0.01; done"),
      unread.as_stderr_of(registry.options()));
  REQUIRE(process.read_line() == "ready");
  process.send_signal(SIGINT);
  REQUIRE(process.read_line() == "got");
  REQUIRE_FALSE(process.pidfd().wait_for_end(kPause));
  CHECK_THAT(unread.read_until("sleep 1000"), Catch::Matchers::Contains("sleep 1000"));
  CHECK(process.wait().status == 3);
}

TEST_CASE("a stderr that can't be written to holds up nothing") {
  const auto pipe = sys::make_pipe();
  const RegistryView registry;
  auto options = registry.options();
  options.prepare = [&] { ::dup2(pipe.read.get(), STDERR_FILENO); };
  Process process(in_shard("exit 3", {"-v"}), options);
  CHECK(process.wait().status == 3);
}

}  // namespace nslaunch::test
