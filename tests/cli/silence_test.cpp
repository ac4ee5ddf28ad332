#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <list>

#include "support/pty.hpp"
#include "support/registry_view.hpp"
#include "support/temp_dir.hpp"
#include "sys/base/check.hpp"
#include "sys/base/files.hpp"
#include "sys/process/channel.hpp"

namespace nslaunch::test {
namespace {

using Catch::Matchers::Contains;

/// Every kind of thing that a standard output can be, but for a terminal.
enum class Kind { kPipe, kFifo, kFile, kNull, kSocket };
constexpr Kind kKinds[] = {Kind::kPipe, Kind::kFifo, Kind::kFile, Kind::kNull, Kind::kSocket};

/// A run with standard output of one kind, and as standard error the pipe that Process reads.
struct Watched {
  Watched(Kind kind, const Words& options, const std::string& script) {
    auto start = registry.options();
    start.prepare = [this, kind] { ::dup2(open(kind).get(), STDOUT_FILENO); };
    launcher.emplace(in_shard(script, options), start);
  }
  sys::Fd open(Kind kind) {
    if (kind == Kind::kPipe) return std::move(pipe.write);
    if (kind == Kind::kSocket) return std::move(sockets.second);
    if (kind == Kind::kNull) return sys::open_file("/dev/null", O_WRONLY);
    const auto path = directory / "output";
    if (kind == Kind::kFifo) ::mkfifo(path.c_str(), 0600);
    return sys::open_file(path, O_RDWR | O_CREAT, 0600);
  }

  RegistryView registry;
  TempDir directory;
  sys::Pipe pipe = sys::make_pipe();
  std::pair<sys::Fd, sys::Fd> sockets = sys::make_channel();
  std::optional<Process> launcher;
};

/// A grandchild in a session of its own writes every now and then, for longer than the limit.
const std::string kWritesOn = "setsid sh -c 'for i in $(seq 40); do echo $i; sleep 0.1; done' & wait; exit 7";

}  // namespace

TEST_CASE("a command that writes nothing for --silence is ended with 124, whatever it would write to") {
  for (const auto kind : kKinds) {
    INFO(static_cast<int>(kind));
    Watched watched(kind, {"--silence", "300ms"}, "exec sleep 1000");
    const auto result = watched.launcher->wait();
    INFO(result.err);
    CHECK(result.status == 124);
    CHECK_THAT(result.err, Contains("the command wrote nothing for 300ms:\n"));
  }
}

TEST_CASE("a command that writes again and again within --silence is let be, whatever it writes to") {
  std::list<Watched> all;
  for (const auto kind : kKinds) all.emplace_back(kind, Words{"--silence", "3s"}, kWritesOn);
  for (auto& watched : all) {
    const auto result = watched.launcher->wait();
    INFO(result.err);
    CHECK(result.status == 7);
    CHECK(result.err.empty());
  }
}

TEST_CASE("what is written to standard error alone is no silence") {
  const RegistryView registry;
  const auto result =
      run(in_shard("for i in $(seq 40); do echo $i >&2; sleep 0.1; done; exit 7", {"--silence", "3s"}),
          registry.options());
  CHECK(result.status == 7);
}

TEST_CASE("a command that falls silent after it has written is ended, and its output kept") {
  const RegistryView registry;
  const auto result = run(in_shard("echo said; sleep 0.2; echo more; exec sleep 1000", {"--silence", "1s"}),
                          registry.options());
  INFO(result.err);
  CHECK(result.status == 124);
  CHECK(result.out == "said\nmore\n");
}

TEST_CASE("on a terminal a silent command is ended, one that writes is let be, and a terminal stays one") {
  const RegistryView registry;
  PtySession silent(in_shard("test -t 1 && exec sleep 1000", {"--silence", "300ms"}), registry.options());
  silent.expect("wrote nothing for 300ms");
  CHECK(silent.wait().status == 124);
  // Its time of modification moves every 8 s only: within that no limit may pass.
  PtySession writing(in_shard("for i in $(seq 30); do echo $i; sleep 0.1; done; test -t 1 && exit 7",
                              {"--silence", "500ms"}),
                     registry.options());
  CHECK(writing.wait().status == 7);
}

TEST_CASE("a writer whose reader has gone gets SIGPIPE under --silence as without it") {
  const RegistryView registry;
  auto output = sys::make_pipe();
  auto options = registry.options();
  options.prepare = [&] { ::dup2(output.write.get(), STDOUT_FILENO); };
  Process process(in_shard("exec yes", {"--silence", "1h"}), options);
  output.write.reset();
  char some[16] = {};
  CHECK(::read(output.read.get(), some, sizeof some) > 0);
  output.read.reset();
  CHECK(process.wait().signal == SIGPIPE);
}

TEST_CASE("with both outputs closed --silence is refused before anything runs") {
  const RegistryView registry;
  const TempDir directory;
  auto options = registry.options();
  options.prepare = [] {
    ::close(STDOUT_FILENO);
    ::close(STDERR_FILENO);
  };
  CHECK(run(in_shard("echo ran >" + (directory / "ran"), {"--silence", "1s", "--keep", directory.path()}),
            options)
            .status == 125);
  CHECK_FALSE(std::filesystem::exists(directory / "ran"));
}

TEST_CASE("limits and signals for a hang that make no sense are refused before anything runs") {
  const RegistryView registry;
  const std::vector<Words> bad = {
      {"--silence", "0s"},       {"--silence", "soon"},     {"--silence", ""},
      {"--dump-signal", "0"},    {"--dump-signal", "KILL"}, {"--dump-signal", "STOP"},
      {"--dump-signal", "USR3"}, {"--dump-grace", "2"},     {"--dump-signal", ""}};
  for (const auto& options : bad) {
    const auto result = run(in_shard("echo ran", options), registry.options());
    INFO(options.front() << " " << options.back() << ": " << result.err);
    CHECK(result.status == 125);
    CHECK(result.out.empty());
    CHECK_THAT(result.err, Contains(options.front()));
  }
}

}  // namespace nslaunch::test
