#include <poll.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <csignal>
#include <functional>
#include <thread>

#include "inspect/leaks/survivors.hpp"
#include "support/listeners.hpp"
#include "support/namespaces.hpp"
#include "support/tail_scene.hpp"
#include "sys/base/check.hpp"
#include "sys/base/clock.hpp"
#include "sys/base/files.hpp"
#include "sys/process/procfs.hpp"

namespace {

using namespace nslaunch;
using inspect::PipelineTails;
using test::as_init;
using test::inode_of;
using test::make_small_pipe;
using test::pid_of;
using test::read_bytes;
using test::read_from;
using test::run_bash;
using test::start_and_prepare;
using test::wait_for_stop;

/// Whoever was stuck must have moved when this many bytes came out.
constexpr std::size_t kMoreThanItHolds = 4097;

const char* word(bool progressing) {
  return progressing ? "progressing" : "still";
}

/// Looks until nothing moves any more (which each of these scenes reaches by itself), at most 20 s.
bool comes_to_rest(PipelineTails& tails) {
  const sys::Deadline deadline(std::chrono::seconds{20});
  while (!deadline.passed()) {
    if (!tails.progressing()) return true;
    ::sched_yield();
  }
  return false;
}

/// Whether movement is seen again; there must have been some, so it is only a matter of when the
/// kernel counts it.
bool moves_again(PipelineTails& tails) {
  const sys::Deadline deadline(std::chrono::seconds{20});
  while (!deadline.passed()) {
    if (tails.progressing()) return true;
    ::sched_yield();
  }
  return false;
}

}  // namespace

TEST_CASE("a tail with a slow reader is progressing while bytes move, and not when stuck", "[tails]") {
  CHECK(as_init([] {
          auto output = make_small_pipe();
          run_bash("exec > >(sed s/^/x/); seq 10000", output.write);
          auto total = read_bytes(output.read.get(), 1);  // now sed is sed
          PipelineTails tails(0);
          std::string story = word(tails.progressing());
          story += comes_to_rest(tails) ? ", stuck" : ", never stuck";
          total += read_bytes(output.read.get(), kMoreThanItHolds);
          story += moves_again(tails) ? ", progressing" : ", stuck for ever";
          total += read_bytes(output.read.get(), SIZE_MAX);
          story += comes_to_rest(tails) ? ", ended" : ", never ended";
          return story + fmt::format(", {} bytes", total);
        }) == "progressing, stuck, progressing, ended, 58894 bytes");
}

TEST_CASE("a tail behind a tail is one too", "[tails]") {
  CHECK(as_init([] {
          auto output = make_small_pipe();
          run_bash("exec > >(sed s/^/x/ | tee /dev/null); seq 20000", output.write);
          read_bytes(output.read.get(), 1);  // now tee is tee
          PipelineTails tails(0);
          std::string story = word(tails.progressing());
          // With sed stopped only tee can move.
          const pid_t sed = pid_of("sed");
          ::kill(sed, SIGSTOP);
          wait_for_stop(sed);
          story += comes_to_rest(tails) ? ", stuck" : ", never stuck";
          read_bytes(output.read.get(), kMoreThanItHolds);
          return story + (moves_again(tails) ? ", progressing" : ", stuck for ever");
        }) == "progressing, stuck, progressing");
}

TEST_CASE("a tail in the middle of one large write is progressing while its reader reads", "[tails]") {
  CHECK(as_init([] {
          auto input = sys::make_pipe();
          auto output = make_small_pipe();
          test::fork_child([&] {
            read_from(input);
            return sys::write_all(output.write.get(), std::string(60'000, 'x'));
          });
          input = {};
          read_bytes(output.read.get(), 1);
          PipelineTails tails(0);
          std::string story = comes_to_rest(tails) ? "stuck" : "never stuck";
          for (int i = 0; i < 3; ++i) {
            read_bytes(output.read.get(), kMoreThanItHolds);
            story += moves_again(tails) ? ", progressing" : ", stuck for ever";
          }
          return story;
        }) == "stuck, progressing, progressing, progressing");
}

TEST_CASE("a tail that only computes, or waits for a processor, is progressing", "[tails]") {
  const bool in_a_thread = GENERATE(false, true);
  CHECK(as_init([=] {
          auto input = sys::make_pipe();
          auto computing = sys::make_pipe();
          test::fork_child([&]() -> int {
            read_from(input);
            computing.write.reset();
            const auto compute = [] {
              for (volatile int turns = 0;;) turns = turns + 1;
            };
            if (!in_a_thread) compute();
            std::thread(compute).join();  // sort's first thread waits for the others
            return 0;
          });
          input = {};
          computing.write.reset();
          read_bytes(computing.read.get(), 1);  // end of file
          PipelineTails tails(0);
          std::string story = word(tails.progressing());
          for (int look = 0; look < 3; ++look)
            story += moves_again(tails) ? ", progressing" : ", stuck for ever";
          return story;
        }) == "progressing, progressing, progressing, progressing");
}

TEST_CASE("survivors without a pipe as input are no tails", "[tails]") {
  CHECK(as_init([] {
          const auto null = sys::open_file("/dev/null", O_RDWR);
          start_and_prepare([&] { ::dup2(null.get(), STDIN_FILENO); });
          start_and_prepare([&] {
            ::dup2(null.get(), STDIN_FILENO);
            test::listen_tcp("127.0.0.1", 9926).release();
          });
          start_and_prepare([&] { ::close(STDIN_FILENO); });
          return word(PipelineTails(0).progressing());
        }) == std::string("still"));
}

TEST_CASE("a survivor that reads the caller's own input is no tail", "[tails]") {
  CHECK(as_init([] {
          auto callers = sys::make_pipe();
          start_and_prepare([&] { read_from(callers); });
          callers.write.reset();
          const std::string with = word(PipelineTails(inode_of(callers.read)).progressing());
          return with + ", " + word(PipelineTails(0).progressing());
        }) == "still, progressing");
}

TEST_CASE("a survivor whose input another one holds open is no tail", "[tails]") {
  CHECK(as_init([] {
          auto input = sys::make_pipe();
          start_and_prepare([&] { read_from(input); });
          const pid_t writer = start_and_prepare([&] { input.read.reset(); });
          input.write.reset();
          const std::string before = word(PipelineTails(0).progressing());
          ::kill(writer, SIGKILL);
          sys::check(::waitpid(writer, nullptr, 0), "waiting");
          return before + ", " + word(PipelineTails(0).progressing());
        }) == "still, progressing");
}

TEST_CASE("a survivor that holds its own input open, or in a circle, is no tail", "[tails]") {
  CHECK(as_init([] {
          auto own = sys::make_pipe();
          start_and_prepare([&] { ::dup2(own.read.get(), STDIN_FILENO); });
          own = {};
          auto there = sys::make_pipe();
          auto back = sys::make_pipe();
          start_and_prepare([&] {
            back.read.reset();
            read_from(there);
          });
          start_and_prepare([&] {
            there.read.reset();
            read_from(back);
          });
          there = {};
          back = {};
          return word(PipelineTails(0).progressing());
        }) == std::string("still"));
}

TEST_CASE("a survivor whose input somebody outside the shard can write to is no tail", "[tails]") {
  auto input = sys::make_pipe();
  CHECK(as_init([&] {
          start_and_prepare([&] { read_from(input); });
          input = {};
          return word(PipelineTails(0).progressing());
        }) == std::string("still"));
}

TEST_CASE("a server with an orphaned pipe as its input is no tail", "[tails]") {
  CHECK(as_init([] {
          auto input = sys::make_pipe();
          start_and_prepare([&] {
            read_from(input);
            test::listen_tcp("127.0.0.1", 9926).release();
          });
          input = {};
          return word(PipelineTails(0).progressing());
        }) == std::string("still"));
}

TEST_CASE("a daemon that stays busy and leaves its input alone is a tail for a limited time", "[tails]") {
  const std::string unread = GENERATE("", "never read");
  CHECK(as_init([&] {
          auto input = sys::make_pipe();
          sys::write_all(input.write.get(), unread);
          auto ready = sys::make_pipe();
          test::fork_child([&]() -> int {
            read_from(input);
            ready.write.reset();
            const auto zero = sys::open_file("/dev/zero", O_RDONLY);
            for (char byte = 0;;) sys::check(::read(zero.get(), &byte, 1), "reading");
          });
          input = {};
          ready.write.reset();
          read_bytes(ready.read.get(), 1);  // end of file
          PipelineTails tails(0, std::chrono::milliseconds{200});
          const bool at_first = tails.progressing();
          const sys::Deadline linger(std::chrono::milliseconds{200});
          while (!linger.passed()) tails.progressing();
          return std::string(word(at_first)) + ", " + word(tails.progressing());
        }) == "progressing, still");
}

TEST_CASE("a tail is recognised among hundreds of survivors", "[tails]") {
  CHECK(as_init([] {
          auto input = sys::make_pipe();
          start_and_prepare([&] { read_from(input); });
          input = {};
          for (int i = 0; i < 300; ++i) start_and_prepare([] {});
          PipelineTails tails(0);
          const std::string first = word(tails.progressing());
          return first + ", " + word(tails.progressing());
        }) == "progressing, still");
}
