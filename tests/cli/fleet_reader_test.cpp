#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>
#include <optional>
#include <utility>

#include "support/fleet_scene.hpp"
#include "support/terminal_ends.hpp"
#include "sys/process/pidfd.hpp"

namespace nslaunch::test {
namespace {

using Catch::Matchers::Contains;

/// A socket that takes as little as the kernel allows.
sys::Pipe small_socket() {
  int ends[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
  sys::Pipe socket{sys::Fd(ends[0]), sys::Fd(ends[1])};
  const int least = 1;
  REQUIRE(::setsockopt(socket.write.get(), SOL_SOCKET, SO_SNDBUF, &least, sizeof least) == 0);
  return socket;
}

/// A fleet whose stdout is a pipe or a socket that nobody reads.
struct Unread {
  Unread(const FleetScene& scene, const Words& options, const Words& scripts,
         sys::Pipe connection = sys::make_pipe())
      : pipe(std::move(connection)) {
    auto start = scene.options();
    const int writer = pipe.write.get();
    start.prepare = [writer] { ::dup2(writer, STDOUT_FILENO); };
    process.emplace(scene.words(options, scripts), start);
    pipe.write.reset();
  }
  sys::Pipe pipe;
  /// Waits until its pipe takes no more than `least`: the fleet has output left that it can't write.
  bool is_full(int least = 16384) const {
    int last = 0;
    int same = 0;
    return eventually([&] {
      int size = 0;
      if (::ioctl(pipe.read.get(), FIONREAD, &size) != 0) return false;
      same = size >= least && size == std::exchange(last, size) ? same + 1 : 0;
      return same == 10;
    });
  }
  std::optional<Process> process;
};

}  // namespace

TEST_CASE("output that the disk does not take is said to be lost, with 125 whatever has passed") {
  const FleetScene scene;
  auto words = scene.words({}, {"say something"});
  words.insert(words.begin(), {"sh", "-c", "exec \"$@\" >/dev/full", "-"});
  Process running(words, scene.options());
  const auto ended = running.wait();
  CHECK(ended.status == 125);
  CHECK_THAT(ended.err, Contains("PASS shard-1") && Contains("the end of the output is lost: No space left"));
}

TEST_CASE("with many groups of output that nobody reads nothing is started, and none is lost") {
  const FleetScene scene;
  // Each keeps a descriptor while it waits: fewer than there are shards.
  auto words = scene.words({"--shards", "300", "-j", "4", "--output", "group"}, {"flood 70000"});
  words.insert(words.begin(),
               {"bash", "-c", "ulimit -n 400; \"$@\" | (read -r line; sleep 0.5; wc -c)", "-"});
  Process running(words, scene.options());
  const auto ended = running.wait(3 * kPatience);  // 300 launches
  CHECK(ended.out == std::to_string(300 * 70000 - 100) + "\n");
  CHECK_THAT(ended.err, Contains("nslaunch: 300 PASS"));
}

TEST_CASE("a shard that floods, and one that closes its streams early, lose nothing and hold nobody up") {
  const FleetScene scene;
  auto gate = scene.gate("gate");
  auto running = scene.start({"-j", "3"}, {"flood 30000000; tell gate", "close; await gate", "say small"});
  const auto ended = running.wait();
  CHECK(ended.status == 0);
  CHECK(std::count(ended.out.begin(), ended.out.end(), '\n') == 300001);
  CHECK(ended.out.size() == 30000000 + 6);
}

TEST_CASE("a reader that does not read holds no deadline up, and takes no shard's silence for its own") {
  const FleetScene scene;
  auto arrived = scene.gate("arrived");
  const auto mode = GENERATE(values<std::string>({"group", "stream"}));
  Unread fleet(scene,
               {"-j", "3", "--output", mode, "--timeout", "1500ms", "--silence", "1s", "--grace", "100ms"},
               {"tell arrived; flood 9000000; pass", "tell arrived; deaf; hang",
                "tell arrived; flood 9000000; fail 1"});
  for (int shard = 0; shard < 3; ++shard) arrived.told();
  // All shards are over without a byte read.
  CHECK(eventually([&] { return scene.registry().files().empty(); }));
  // Nobody reads: whoever runs the fleet may still end it.
  fleet.process->send_signal(SIGTERM);
  const auto ended = fleet.process->wait();
  INFO(ended.err);
  CHECK(ended.signal == SIGTERM);
}

TEST_CASE("a fleet that one signal ends while nobody reads its output is at its own end after the grace") {
  const FleetScene scene;
  Unread fleet(scene, {"--output", "stream", "--grace", "300ms"}, {"flood 9000000; hang"});
  REQUIRE(fleet.is_full());
  fleet.process->send_signal(SIGTERM);
  const auto ended = fleet.process->wait();
  CHECK(ended.signal == SIGTERM);
  CHECK_THAT(ended.err, Contains("the end of the output is lost: nobody has read it in time"));
  CHECK(scene.registry().files() == Words{});
}

TEST_CASE("so is one whose output goes to a socket, however little that takes") {
  const FleetScene scene;
  Unread fleet(scene, {"--output", "stream", "--grace", "300ms"}, {"flood 9000000; hang"}, small_socket());
  REQUIRE(fleet.is_full(1));
  fleet.process->send_signal(SIGTERM);
  CHECK(fleet.process->wait().signal == SIGTERM);
  CHECK(scene.registry().files() == Words{});
}

TEST_CASE("a slow reader of a fleet that one signal ends gets all, also where the grace is shorter") {
  const FleetScene scene;
  Unread fleet(scene, {"--output", "stream", "--grace", "0s"}, {"flood 2000000; hang"});
  const sys::Fd reader(::dup(fleet.pipe.read.get()));
  std::string page(16384, 0);
  std::size_t total = 0;
  const auto read_page = [&] {
    const ssize_t count = ::read(reader.get(), page.data(), page.size());
    total += count > 0 ? static_cast<std::size_t>(count) : 0;
    return count > 0;
  };
  REQUIRE(fleet.is_full());
  fleet.process->send_signal(SIGTERM);
  // A reader that pauses is no event.
  REQUIRE_FALSE(fleet.process->pidfd().wait_for_end(std::chrono::milliseconds{300}));
  while (read_page()) continue;
  const auto ended = fleet.process->wait();
  CHECK(ended.signal == SIGTERM);
  CHECK_THAT(ended.err, Contains("CANCELLED shard-1") && !Contains("is lost"));
}

TEST_CASE("output to the other end of a terminal arrives") {
  const FleetScene scene;
  const TerminalEnds ends;
  auto options = scene.options();
  options.prepare = [&] { ::dup2(ends.master.get(), STDOUT_FILENO); };
  Process fleet(scene.words({}, {"say arrived"}), options);
  CHECK(fleet.wait().status == 0);
  char text[64];
  pollfd typed = {ends.terminal.get(), POLLIN, 0};
  REQUIRE(::poll(&typed, 1, 0) == 1);
  CHECK(std::string(text, static_cast<std::size_t>(::read(ends.terminal.get(), text, sizeof text))) ==
        "arrived\n");
}

TEST_CASE("a reader that goes away ends nothing") {
  const FleetScene scene;
  auto arrived = scene.gate("arrived");
  auto gate = scene.gate("gate");
  Unread fleet(scene, {"-j", "2", "--output", "stream"},
               {"tell arrived; await gate; flood 3000000; tell arrived; await gate", "fail 3"});
  arrived.told();
  fleet.pipe.read.reset();
  gate.open(1);
  CHECK(arrived.told() == "1");
  gate.open(1);
  const auto ended = fleet.process->wait();
  INFO(ended.err);
  CHECK(ended.status == 1);
  CHECK(statuses_in(ended.err) ==
        std::map<std::string, std::string>{{"shard-1", "PASS"}, {"shard-2", "FAIL"}});
}

TEST_CASE("with stdout or stderr closed from the start a fleet runs all the same") {
  const FleetScene scene;
  const auto closed = GENERATE(values<std::string>({">&-", "2>&-", ">&- 2>&- <&-"}));
  const TempDir artifacts;
  Words words{"bash", "-c", "exec \"$@\" " + closed, "-"};
  const auto fleet = scene.words({"--artifacts", artifacts.path()}, {"say one; complain two", "fail 3"});
  words.insert(words.end(), fleet.begin(), fleet.end());
  const auto ended = run(words, scene.options());
  CHECK(ended.status == 1);
  const auto directory = only_directory_in(artifacts.path());
  CHECK(contents(directory + "/shard-1/stdout") == "one\n");
  CHECK(contents(directory + "/shard-1/stderr") == "two\n");
  CHECK(scene.registry().files() == Words{});
}

TEST_CASE("when nothing can be kept any more the shards still run, and nslaunch says what is lost") {
  const FleetScene scene;
  Words words{"bash", "-c", "ulimit -f 1; exec \"$@\"", "-"};
  const auto fleet = scene.words({}, {"flood 5000000", "say fine"});
  words.insert(words.end(), fleet.begin(), fleet.end());
  const auto ended = run(words, scene.options());
  INFO(ended.err);
  CHECK(ended.status == 0);
  CHECK_THAT(ended.err, Contains("shard-1: the end of its output is lost: "));
  CHECK_THAT(ended.out, Contains("fine\n"));
}

}  // namespace nslaunch::test
