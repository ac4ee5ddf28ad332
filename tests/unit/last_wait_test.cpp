#include "shard/supervise/last_wait.hpp"

#include <sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <functional>

#include "support/process.hpp"
#include "sys/base/files.hpp"
#include "sys/process/channel.hpp"
#include "sys/process/procfs.hpp"

namespace nslaunch::shard {
namespace {

using Catch::Matchers::Contains;
using std::chrono::milliseconds;

constexpr milliseconds kNone{0};
constexpr milliseconds kFarAway = std::chrono::hours{1};

/// A process in the place of an init, which says "up" and then does what the test says.
class Stand {
 public:
  explicit Stand(const std::function<void(Stand&)>& act) {
    pid_ = ::fork();
    if (pid_ == 0) {
      // So that what it has started hears of its end, and of the test's.
      told_.write.reset();
      said_.read.reset();
      act(*this);
      ::_exit(0);
    }
    told_.read.reset();
    said_.write.reset();
    hear();
  }
  Stand(const Stand&) = delete;
  Stand& operator=(const Stand&) = delete;
  ~Stand() {
    ::kill(pid_, SIGKILL);
    told_.write.reset();
    ::waitpid(pid_, nullptr, 0);
  }

  pid_t pid() const noexcept { return pid_; }
  void say() const { sys::write_all(said_.write.get(), "x"); }
  /// False at the end of the test.
  bool wait() const { return read_byte(told_.read.get()); }
  void hear() const { REQUIRE(read_byte(said_.read.get())); }
  void tell() const { REQUIRE(sys::write_all(told_.write.get(), "x") == 0); }
  void reach(char state) const {
    REQUIRE(
        test::eventually([&] { return sys::status_field(pid_, "State").value_or("?").front() == state; }));
  }

 private:
  static bool read_byte(int fd) {
    char byte = 0;
    return ::read(fd, &byte, 1) == 1;
  }

  sys::Pipe told_ = sys::make_pipe();
  sys::Pipe said_ = sys::make_pipe();
  pid_t pid_ = -1;
};

void answers(Stand& stand) {
  do {
    stand.say();
  } while (stand.wait());
}

[[noreturn]] void runs(Stand& stand) {
  stand.say();
  for (volatile unsigned turns = 0;;) turns = turns + 1;
}

/// As whoever waits for a lock or a file system: only SIGKILL ends it.
void waits_uninterruptibly(Stand& stand) {
  if (::syscall(SYS_clone, CLONE_VFORK | SIGCHLD, nullptr, nullptr, nullptr, nullptr) != 0) return;
  stand.say();
  stand.wait();
  ::_exit(0);
}

/// The launcher of such an init, which says nothing unless the test does.
struct Asked {
  explicit Asked(const Stand& init, milliseconds most = kFarAway)
      : last_wait(init.pid(), peer, {.look = kNone, .answer = kNone, .most = most}) {
    last_wait.begin();
    last_wait.keep_deadline();
    REQUIRE(last_wait.is_asking());
    REQUIRE(questions() == 1);
  }

  int questions() const {
    int heard = 0;
    while (const auto message = receive(channel.second.get(), false))
      heard += message->kind == Kind::kAskStopped;
    return heard;
  }
  /// Why it is to be killed.
  std::string lost() {
    REQUIRE(test::eventually([&] { return peer.fell_silent(); }));
    return last_wait.lost().value_or("");
  }

  std::pair<sys::Fd, sys::Fd> channel = sys::make_channel();
  sys::Loop loop{"waiting for the test's init"};
  Peer peer{channel.first.get(), loop};
  LastWait last_wait;
};

}  // namespace

TEST_CASE("an init that runs and does not answer is asked again, and lost when that takes too long") {
  const Stand init(runs);
  Asked asked(init);
  CHECK(asked.lost().empty());
  CHECK(asked.questions() == 1);
  CHECK(asked.lost().empty());
  Asked long_ago(init, kNone);
  CHECK_THAT(long_ago.lost(), Contains("it goes on, but is not through"));
  CHECK(long_ago.questions() == 0);
}

TEST_CASE("an init that has run since it was asked is asked again, and lost where it has not") {
  const Stand init(answers);
  init.reach('S');
  Asked asked(init);
  init.tell();
  init.hear();
  init.reach('S');
  CHECK(asked.lost().empty());
  CHECK(asked.questions() == 1);
  CHECK_THAT(asked.lost(), Contains("it waits for something, and has not run for"));
}

TEST_CASE("an init that is in uninterruptible sleep, or stopped, is lost, which says so") {
  const Stand stuck(waits_uninterruptibly);
  stuck.reach('D');
  CHECK_THAT(Asked(stuck).lost(), Contains("is in uninterruptible sleep") && Contains("has not run for"));
  const Stand stopped(runs);
  REQUIRE(::kill(stopped.pid(), SIGSTOP) == 0);
  stopped.reach('T');
  CHECK_THAT(Asked(stopped).lost(), Contains("is stopped by a signal"));
}

TEST_CASE("an init that has answered has the time of one that is asked for the first time") {
  const Stand init(answers);
  init.reach('S');
  Asked asked(init, kNone);
  REQUIRE(send(asked.channel.second.get(), {.kind = Kind::kAnswer, .payload = {}}));
  REQUIRE(asked.peer.next().has_value());
  asked.peer.expect_sign_of_life(kNone);
  CHECK(asked.questions() == 1);
  CHECK(asked.lost().empty());
  CHECK(asked.questions() == 1);
}

TEST_CASE(
    "an init is not lost for another question's sake, nor for the time in which its launcher was stopped") {
  const Stand init(answers);
  init.reach('S');
  Asked asked(init);
  asked.last_wait.postpone(kFarAway);
  CHECK(asked.lost().empty());
  CHECK(asked.questions() == 1);
}

}  // namespace nslaunch::shard
