#include "sys/io/loop_descriptor.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "sys/base/fd.hpp"

namespace nslaunch::sys {
namespace {

constexpr int kAtOnce = 0;
constexpr int kLong = 60'000;

bool readable(const LoopDescriptor& descriptor, int limit = kAtOnce) {
  pollfd watched = {descriptor.fd(), POLLIN, 0};
  return ::poll(&watched, 1, limit) == 1;
}

void write_to(const Pipe& pipe) {
  REQUIRE(::write(pipe.write.get(), "x", 1) == 1);
}

}  // namespace

TEST_CASE("a loop's descriptor is readable when one of those that the loop waits for is", "[unit]") {
  Loop loop("waiting");
  LoopDescriptor descriptor;
  const auto pipe = make_pipe();
  const auto later = make_pipe();
  auto watch = loop.watch(pipe.read.get(), POLLIN, [](short) {});
  descriptor.follow(loop, -1);
  CHECK_FALSE(readable(descriptor));
  write_to(pipe);
  CHECK(readable(descriptor));
  watch.want(0);
  descriptor.follow(loop, -1);
  CHECK_FALSE(readable(descriptor));
  const auto another = loop.watch(later.read.get(), POLLIN, [](short) {});
  descriptor.follow(loop, -1);
  write_to(later);
  CHECK(readable(descriptor));
}

TEST_CASE("a loop's descriptor is readable at the next point in time, and till another is set", "[unit]") {
  Loop loop("waiting");
  LoopDescriptor descriptor;
  descriptor.follow(loop, 1);
  CHECK(readable(descriptor, kLong));
  descriptor.follow(loop, kLong);
  CHECK_FALSE(readable(descriptor));
  auto timer = loop.timer([] {});
  timer.set(Deadline(std::chrono::milliseconds{0}));
  descriptor.follow(loop, kLong);
  CHECK(readable(descriptor, kLong));
  timer.clear();
  descriptor.follow(loop, -1);
  CHECK_FALSE(readable(descriptor));
}

TEST_CASE("what was closed is not waited for, whoever has a copy, nor mistaken for what has its number now",
          "[unit]") {
  Loop loop("waiting");
  LoopDescriptor descriptor;
  auto pipe = make_pipe();
  const Fd copy(::fcntl(pipe.read.get(), F_DUPFD_CLOEXEC, 100));
  auto watch = loop.watch(pipe.read.get(), POLLIN, [](short) {});
  descriptor.follow(loop, -1);
  write_to(pipe);
  const int number = pipe.read.get();
  watch.end();
  pipe.read.reset();
  const auto other = make_pipe();
  REQUIRE(other.read.get() == number);
  watch = loop.watch(number, POLLIN, [](short) {});
  descriptor.follow(loop, -1);
  CHECK_FALSE(readable(descriptor));
  write_to(other);
  CHECK(readable(descriptor));
}

}  // namespace nslaunch::sys
