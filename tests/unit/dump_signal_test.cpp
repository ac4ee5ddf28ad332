#include "shard/supervise/dump_signal.hpp"

#include <catch2/catch.hpp>
#include <csignal>
#include <string>

#include "support/at_the_limit.hpp"

namespace nslaunch::shard {

TEST_CASE("where no child can be had, a dump signal is sent to one's own processes all the same") {
  static volatile std::sig_atomic_t come = 0;
  const auto sent = test::at_the_limit([] {
    std::signal(SIGUSR1, [](int) { come = 1; });
    const auto count = send_dump_signal(::getpid(), SIGUSR1, nullptr);
    return std::to_string(count) + (come != 0 ? " come" : "");
  });
  CHECK(sent == "1 come");
}

}  // namespace nslaunch::shard
