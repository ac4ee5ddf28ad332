#include "shard/supervise/peer.hpp"

#include <catch2/catch.hpp>
#include <csignal>

#include "sys/process/channel.hpp"

namespace nslaunch::shard {

TEST_CASE("an init that is sent more than it reads holds up nobody, and counts as silent") {
  const auto channel = sys::make_channel();
  sys::never_wait(channel.first);
  Peer peer(channel.first.get());
  CHECK_FALSE(peer.fell_silent());
  for (int sent = 0; sent < 5000; ++sent) peer.send(Kind::kFromTerminal, SIGWINCH);
  CHECK(peer.fell_silent());
  CHECK_FALSE(peer.has_news());
  CHECK_FALSE(peer.next());
}

}  // namespace nslaunch::shard
