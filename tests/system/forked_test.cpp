#include "sys/process/forked.hpp"

#include <unistd.h>

#include <sys/wait.h>
#include <catch2/catch.hpp>
#include <csignal>
#include <cstdlib>

#include "support/process.hpp"
#include "sys/base/fd.hpp"
#include "sys/base/files.hpp"

namespace nslaunch::test {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kMost = 1 << 20;
constexpr auto kNever = kPatience;

}  // namespace

TEST_CASE("what a child process writes is had whole, and it leaves none behind") {
  const auto output =
      sys::output_of_child([](int out) { sys::write_all(out, std::string(300'000, 'x')); }, kNever, kMost);
  CHECK(output.complete);
  CHECK(output.text == std::string(300'000, 'x'));
  CHECK(::waitpid(-1, nullptr, WNOHANG | __WALL) == -1);
}

TEST_CASE("a child process that never ends is killed at its limit, and what it has written is kept") {
  pid_t child = 0;
  const auto output = sys::output_of_child(
      [](int out) {
        sys::write_all(out, std::to_string(::getpid()));
        for (;;) ::pause();
      },
      milliseconds{200}, kMost);
  CHECK_FALSE(output.complete);
  child = std::atoi(output.text.c_str());
  REQUIRE(child > 0);
  CHECK(eventually([&] { return ::kill(child, 0) != 0; }));
}

TEST_CASE("a child process that writes without end is killed at the most it may write") {
  const auto output = sys::output_of_child(
      [](int out) {
        while (sys::write_all(out, std::string(4096, 'x')) == 0) continue;
      },
      kNever, kMost);
  CHECK_FALSE(output.complete);
  CHECK(output.text.size() >= kMost);
}

TEST_CASE("a child process that collects something holds no descriptor of its parent's") {
  auto pipe = sys::make_pipe();
  const int held = pipe.write.get();
  const auto output = sys::output_of_child(
      [held](int out) { sys::write_all(out, ::fcntl(held, F_GETFD) < 0 ? "closed" : "open"); }, kNever,
      kMost);
  CHECK(output.text == "closed");
}

}  // namespace nslaunch::test
