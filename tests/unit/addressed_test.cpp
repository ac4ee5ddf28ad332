#include "registry/place/addressed.hpp"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>

#include "sys/base/signals.hpp"

namespace nslaunch::registry {

TEST_CASE("what is queued for a launcher says which signal is for which init, and waits with others") {
  sys::SignalSet carrier;
  carrier.add(SIGRTMIN);
  const sys::BlockedSignals blocked(carrier);
  const auto received = sys::make_signalfd(carrier);
  const auto self = sys::Pidfd::open(::getpid());
  REQUIRE(self);
  constexpr pid_t kHighestPid = (1 << 22) - 1;
  CHECK(send_addressed(*self, {SIGTERM, 1}) == 0);
  CHECK(send_addressed(*self, {SIGRTMAX, kHighestPid}) == 0);
  ::kill(::getpid(), SIGRTMIN);
  const auto next = [&] {
    const auto info = sys::read_signal(received.get());
    REQUIRE(info);
    return read_addressed(*info);
  };
  const auto first = next();
  REQUIRE(first);
  CHECK((first->signal == SIGTERM && first->init == 1));
  const auto second = next();
  REQUIRE(second);
  CHECK((second->signal == SIGRTMAX && second->init == kHighestPid));
  CHECK_FALSE(next());
}

}  // namespace nslaunch::registry
