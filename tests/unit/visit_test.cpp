#include "shard/launcher/control_client.hpp"

#include <unistd.h>

#include <catch2/catch.hpp>

#include "sys/base/files.hpp"
#include "sys/process/channel.hpp"

namespace nslaunch::shard {
namespace {

/// A connection to an init, and what the test lets that say; only a broken program waits for so long.
struct Talk {
  Talk() { sys::never_wait(ours); }
  Wait wait() const { return {.deadline = sys::Deadline(std::chrono::hours{1}), .signals = told.read.get()}; }
  int ask(const Wait& how) const {
    return ask_for_process(ours, {{}, {}, {"true"}}, "/", std::vector{0, 1, 2}, how);
  }

  std::pair<sys::Fd, sys::Fd> ends = sys::make_channel();
  sys::Fd& ours = ends.first;
  sys::Fd& theirs = ends.second;
  sys::Pipe told = sys::make_pipe();
};

}  // namespace

TEST_CASE("whoever waits for an init that says nothing can give up at once") {
  const Talk talk;
  auto wait = talk.wait();
  int looked = 0;
  wait.gives_up = [&] {
    char byte = 0;
    REQUIRE(::read(talk.told.read.get(), &byte, 1) == 1);
    return ++looked == 2;  // the first signal was none that ends
  };
  REQUIRE(sys::write_all(talk.told.write.get(), "xx") == 0);
  CHECK_THROWS_AS(talk.ask(wait), GivenUp);
  CHECK(looked == 2);
}

TEST_CASE("streams are handed over when init has answered, and not before") {
  const Talk talk;
  REQUIRE(send(talk.theirs.get(), {.kind = Kind::kNote, .payload = "not what was asked"}));
  CHECK_THROWS_WITH(talk.ask(talk.wait()), Catch::Contains("can't understand"));
  std::vector<sys::Fd> descriptors;
  CHECK(receive(talk.theirs.get(), false, &descriptors)->kind == Kind::kAskStopped);
  CHECK(descriptors.empty());
  CHECK_FALSE(receive(talk.theirs.get(), false, &descriptors));

  REQUIRE(send(talk.theirs.get(), {.kind = Kind::kAnswer, .payload = {}}));
  REQUIRE(send(talk.theirs.get(), {.kind = Kind::kStarted, .code = 7, .payload = {}}));
  CHECK(talk.ask(talk.wait()) == 7);
  CHECK(receive(talk.theirs.get(), false, &descriptors)->kind == Kind::kAskStopped);
  CHECK(descriptors.empty());
  CHECK(receive(talk.theirs.get(), false, &descriptors)->kind == Kind::kStart);
  CHECK(descriptors.size() == 4);
}

}  // namespace nslaunch::shard
