#include "shard/init/group_signals.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <functional>

#include "sys/base/check.hpp"

namespace nslaunch::shard {
namespace {

/// As it blocks every signal for good: in a process of its own.
bool holds(const std::function<bool(GroupSignals&)>& claim) {
  const pid_t child = sys::check(::fork(), "forking an init");
  if (child == 0) {
    GroupSignals signals;
    ::_exit(claim(signals) ? 0 : 1);
  }
  int status = -1;
  ::waitpid(child, &status, 0);
  return status == 0;
}

TEST_CASE("init counts each of the real-time signals that its group was sent, and others once") {
  CHECK(holds([](GroupSignals& signals) {
    for (const int signal : {SIGRTMIN, SIGRTMIN, SIGTERM, SIGTERM}) ::kill(::getpid(), signal);
    return signals.take(SIGRTMIN) && signals.take(SIGRTMIN) && !signals.take(SIGRTMIN) &&
           signals.take(SIGTERM) && !signals.take(SIGTERM);
  }));
}

TEST_CASE("who sends init signals without end does not keep it from all else") {
  CHECK(holds([](GroupSignals& signals) {
    constexpr int kManyMore = 1100;
    for (int count = 0; count < kManyMore; ++count) ::kill(::getpid(), SIGRTMIN);
    ::kill(::getpid(), SIGRTMAX);  // comes after those
    signals.drain();
    const bool is_left = !signals.had().contains(SIGRTMAX);
    signals.drain();
    return is_left && signals.had().contains(SIGRTMAX);
  }));
}

}  // namespace
}  // namespace nslaunch::shard
