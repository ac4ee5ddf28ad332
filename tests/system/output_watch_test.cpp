#include "shard/supervise/output_watch.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <ctime>
#include <functional>

#include "support/namespaces.hpp"
#include "support/process.hpp"
#include "support/temp_dir.hpp"
#include "sys/base/check.hpp"
#include "sys/base/files.hpp"
#include "sys/io/pty.hpp"
#include "sys/process/channel.hpp"

namespace nslaunch::test {
namespace {

std::string own_descriptor(int number) {
  return fmt::format("/proc/self/fd/{}", number);
}

/// Notice of writes to what `descriptor` stands for.
class Notice {
 public:
  explicit Notice(int descriptor) : events_(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {
    sys::check(::inotify_add_watch(events_.get(), own_descriptor(descriptor).c_str(), IN_MODIFY), "watching");
  }
  bool given() const {
    char chunk[4096];
    return ::read(events_.get(), chunk, sizeof chunk) > 0;
  }

 private:
  sys::Fd events_;
};

bool hangs_up(int fd) {
  pollfd watched = {fd, POLLIN, 0};
  return ::poll(&watched, 1, 30'000) == 1 && (watched.revents & POLLHUP) != 0;
}

sys::Fd place_of(int descriptor) {
  return sys::open_file(own_descriptor(descriptor), O_PATH);
}

/// A process that has `work` done when it is told, and writes nothing else: a look writes something itself.
class Worker {
 public:
  explicit Worker(const std::function<bool()>& work)
      : pid_(fork_child([&] {
          char order = 0;
          while (::read(orders_.read.get(), &order, 1) == 1) {
            if (!work()) return 1;
            ::kill(::getpid(), SIGSTOP);
          }
          return 0;
        })) {}
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  ~Worker() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }

  pid_t pid() const { return pid_; }
  void work() const {
    REQUIRE(::write(orders_.write.get(), "x", 1) == 1);
    int status = 0;
    REQUIRE(::waitpid(pid_, &status, WUNTRACED) == pid_);
    REQUIRE(WIFSTOPPED(status));
    REQUIRE(::kill(pid_, SIGCONT) == 0);
  }

 private:
  sys::Pipe orders_ = sys::make_pipe();
  pid_t pid_;
};

}  // namespace

TEST_CASE("the kernel gives notice of a write to a pipe and to a socket, and of no read") {
  auto pipe = sys::make_pipe();
  const Notice of_pipe(pipe.write.get());
  CHECK_FALSE(of_pipe.given());
  REQUIRE(::write(pipe.write.get(), "x", 1) == 1);
  CHECK(of_pipe.given());
  char byte = 0;
  REQUIRE(::read(pipe.read.get(), &byte, 1) == 1);
  CHECK_FALSE(of_pipe.given());
  const auto [ours, theirs] = sys::make_channel();
  const Notice of_socket(ours.get());
  REQUIRE(::write(ours.get(), "x", 1) == 1);
  CHECK(of_socket.given());
}

TEST_CASE("neither a place nor a notice of a pipe keeps its reader from end of file") {
  auto pipe = sys::make_pipe();
  const Notice notice(pipe.write.get());
  const auto place = place_of(pipe.write.get());
  pipe.write.reset();
  CHECK(hangs_up(pipe.read.get()));
}

TEST_CASE("a place of a terminal does not keep it from hanging up") {
  auto pty = sys::open_pty(-1);
  const auto place = place_of(pty.program.get());
  pty.program.reset();
  CHECK(hangs_up(pty.user.get()));
}

TEST_CASE("a terminal's time of modification is of the eight seconds in which it was last written to") {
  const auto pty = sys::open_pty(-1);
  REQUIRE(::write(pty.program.get(), "x", 1) == 1);
  const auto now = std::time(nullptr);
  struct stat status = {};
  REQUIRE(::fstat(pty.program.get(), &status) == 0);
  CHECK((status.st_mtim.tv_sec | 7) >= (now - 1));
}

TEST_CASE("an output watch sees what was written since its last look, and nothing else") {
  const TempDir directory;
  auto pipe = sys::make_pipe();
  const auto [ours, theirs] = sys::make_channel();
  const auto file = sys::open_file(directory / "file", O_WRONLY | O_CREAT, 0600);
  const auto null = sys::open_file("/dev/null", O_WRONLY);
  for (const int output : {pipe.write.get(), ours.get(), file.get(), null.get()}) {
    shard::OutputWatch watch(output, output);
    const Worker writer([output] { return ::write(output, "x", 1) == 1; });
    watch.look(writer.pid());
    CHECK_FALSE(watch.look(writer.pid()).wrote);
    writer.work();
    CHECK(watch.look(writer.pid()).wrote);
    CHECK_FALSE(watch.look(writer.pid()).wrote);
  }
}

TEST_CASE("an output watch never takes a terminal for silent within the eight seconds that hide a write") {
  const auto pty = sys::open_pty(-1);
  shard::OutputWatch watch(pty.program.get(), pty.program.get());
  REQUIRE(::write(pty.program.get(), "x", 1) == 1);
  watch.look(::getpid());
  const auto eight_seconds = [] { return std::time(nullptr) / 8; };
  const auto before = eight_seconds();
  REQUIRE(::write(pty.program.get(), "x", 1) == 1);  // moves nothing, unless the eight seconds are over
  CHECK(watch.look(::getpid()).wrote);
  // Once it can tell, it does.
  CHECK(eventually([&] { return eight_seconds() != before && !watch.look(::getpid()).wrote; }));
  REQUIRE(::write(pty.program.get(), "x", 1) == 1);
  CHECK(watch.look(::getpid()).wrote);
}

TEST_CASE("what an ended child has written counts with its parent, once that has waited for it") {
  const auto null = sys::open_file("/dev/null", O_WRONLY);
  shard::OutputWatch watch(null.get(), null.get());
  const Worker parent([&null] {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(::write(null.get(), "x", 1) == 1 ? 0 : 1);
    return ::waitpid(child, nullptr, 0) == child;
  });
  watch.look(parent.pid());
  CHECK_FALSE(watch.look(parent.pid()).wrote);
  parent.work();
  CHECK(watch.look(parent.pid()).wrote);
}

}  // namespace nslaunch::test
