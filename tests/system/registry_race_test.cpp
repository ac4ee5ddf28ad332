#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <csignal>
#include <ctime>
#include <new>
#include <random>
#include <set>

#include "registry/place/names.hpp"
#include "support/namespaces.hpp"
#include "support/registry_scene.hpp"
#include "support/registry_view.hpp"
#include "sys/base/check.hpp"

namespace {

using namespace nslaunch;
using test::make_record;
using test::StateDir;

/// Numbers that several processes count together.
struct Counts {
  std::atomic<int> published{0};
  std::atomic<int> lost{0};
  std::atomic<int> invented{0};
  std::atomic<bool> over{false};
};

class SharedCounts {
 public:
  SharedCounts() {
    void* memory = ::mmap(nullptr, sizeof(Counts), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    REQUIRE(memory != MAP_FAILED);
    counts_ = new (memory) Counts;
  }
  SharedCounts(const SharedCounts&) = delete;
  SharedCounts& operator=(const SharedCounts&) = delete;
  ~SharedCounts() { ::munmap(counts_, sizeof(Counts)); }
  Counts* operator->() const { return counts_; }

 private:
  Counts* counts_ = nullptr;
};

std::string id_of(int worker, int round) {
  return fmt::format("{:04x}{:04x}", worker, round);
}

/// Whether the record's name still means the file that its launcher holds.
bool is_there(const registry::PublishedRecord& published, const std::string& id) {
  struct stat held = {};
  struct stat named = {};
  return ::fstat(published.lock_fd(), &held) == 0 &&
         ::fstatat(published.directory_fd(), registry::record_name(id).c_str(), &named,
                   AT_SYMLINK_NOFOLLOW) == 0 &&
         held.st_ino == named.st_ino;
}

void publish_and_look(int worker, int rounds, Counts& counts) {
  for (int round = 0; round < rounds; ++round) {
    const auto id = id_of(worker, round);
    auto published = test::publish(make_record(id));
    ++counts.published;
    for (int look = 0; look < 10; ++look) {
      published.set_state(ShardState::kRunning);
      if (look % 4 == 0) ::sched_yield();
    }
    if (!is_there(published, id)) ++counts.lost;
  }
}

/// A process that reaps once and is stopped at some instant of it, if it has not ended by then.
pid_t start_and_stop_reaper(std::chrono::nanoseconds instant, std::atomic<bool>& reaping) {
  reaping = false;
  const pid_t reaper = test::fork_child([&] {
    reaping = true;
    reap_shards(false);
    return 0;
  });
  while (!reaping) ::sched_yield();
  const auto moment = std::chrono::steady_clock::now() + instant;
  while (std::chrono::steady_clock::now() < moment) {
  }
  ::kill(reaper, SIGSTOP);
  siginfo_t info = {};
  sys::check(::waitid(P_PID, static_cast<id_t>(reaper), &info, WSTOPPED | WEXITED | WNOWAIT), "stopping");
  return reaper;
}

/// No record may look dead while every launcher lives: each removes its own.
void list_and_look(Counts& counts) {
  while (!counts.over) {
    for (const auto& entry : test::list()) {
      if (entry.state != ShardState::kStarting && entry.state != ShardState::kRunning) ++counts.invented;
    }
  }
}

}  // namespace

TEST_CASE("64 launchers at once lose or invent no record", "[system]") {
  const StateDir dir;
  auto start = sys::make_pipe();
  auto done = sys::make_pipe();
  auto finish = sys::make_pipe();
  std::vector<pid_t> launchers;
  for (int number = 0; number < 64; ++number) {
    launchers.push_back(test::fork_child([&] {
      start.write.reset();
      finish.write.reset();
      char byte = 0;
      sys::retry_on_eintr([&] { return ::read(start.read.get(), &byte, 1); });
      registry::sweep();
      std::string problem;
      const auto published = registry::PublishedRecord::publish(make_record(id_of(number, 0)), problem);
      const bool told = ::write(done.write.get(), "x", 1) == 1;
      sys::retry_on_eintr([&] { return ::read(finish.read.get(), &byte, 1); });
      return told && published ? 0 : 1;
    }));
  }
  start.write.reset();
  done.write.reset();
  char byte = 0;
  for (int number = 0; number < 64; ++number) {
    REQUIRE(sys::retry_on_eintr([&] { return ::read(done.read.get(), &byte, 1); }) == 1);
  }
  std::set<std::string> ids;
  for (const auto& entry : test::list()) {
    CHECK(entry.state == ShardState::kStarting);
    ids.insert(entry.record.id);
  }
  CHECK(ids.size() == 64);
  CHECK(dir.names().size() == 64);
  finish.write.reset();
  for (const pid_t launcher : launchers) CHECK(test::await_exit(launcher) == 0);
  CHECK(dir.names().empty());
}

TEST_CASE("reapers beside thousands of launches never take a live record", "[system]") {
  constexpr int kRounds = 500;
  const StateDir dir;
  const SharedCounts counts;
  std::vector<pid_t> launchers;
  std::vector<pid_t> others;
  for (int number = 0; number < 2; ++number) {
    others.push_back(test::fork_child([&] {
      while (!counts->over) reap_shards(false);
      return 0;
    }));
  }
  others.push_back(test::fork_child([&] { return list_and_look(*counts.operator->()), 0; }));
  for (int worker = 0; worker < 4; ++worker) {
    launchers.push_back(test::fork_child([&] {
      publish_and_look(worker, kRounds, *counts.operator->());
      return 0;
    }));
  }
  for (const pid_t launcher : launchers) CHECK(test::await_exit(launcher) == 0);
  counts->over = true;
  for (const pid_t other : others) CHECK(test::await_exit(other) == 0);
  CHECK(counts->published == 4 * kRounds);
  CHECK(counts->lost == 0);
  CHECK(counts->invented == 0);
  CHECK(dir.names().empty());
}

TEST_CASE("a reaper that comes late does not take the record of a successor", "[system]") {
  const StateDir dir;
  const SharedCounts counts;
  auto dead = make_record("aaaa");
  dead.launcher.boot_id = "an earlier boot";
  std::mt19937 random(Catch::rngSeed());
  std::uniform_int_distribution<int> instant(0, 150'000);  // ns; reaping takes about as long
  int lost = 0;
  for (int round = 0; round < 1000; ++round) {
    test::leave_record(dead);
    const pid_t late = start_and_stop_reaper(std::chrono::nanoseconds(instant(random)), counts->over);
    reap_shards(false);
    std::string problem;  // while the late one has the dead record locked, there is no successor
    const auto successor = registry::PublishedRecord::publish(make_record("aaaa"), problem);
    ::kill(late, SIGCONT);
    REQUIRE(test::await_exit(late) == 0);
    if (successor && !is_there(*successor, "aaaa")) ++lost;
    if (!successor) reap_shards(false);
  }
  CHECK(lost == 0);
}

TEST_CASE("what launchers killed at any instant leave is reaped, and nothing else", "[system]") {
  const StateDir dir;
  const auto live = test::publish(make_record("live"));
  std::mt19937 random(Catch::rngSeed());
  std::uniform_int_distribution<long> instant(0, 150'000);  // ns; reaping takes about as long
  for (int round = 0; round < 400; ++round) {
    auto ready = sys::make_pipe();
    const pid_t launcher = test::fork_child([&] {
      if (::write(ready.write.get(), "x", 1) != 1) return 1;
      for (int number = 0;; ++number)
        test::publish(make_record(id_of(round, number))).set_state(ShardState::kRunning);
    });
    char byte = 0;
    REQUIRE(sys::retry_on_eintr([&] { return ::read(ready.read.get(), &byte, 1); }) == 1);
    const timespec moment = {0, instant(random)};
    ::nanosleep(&moment, nullptr);
    ::kill(launcher, SIGKILL);
    CHECK(test::await_exit(launcher) == 128 + SIGKILL);
    for (const auto& entry : test::list()) {
      const bool expected =
          entry.record.id == "live" ? entry.state == ShardState::kStarting : entry.state == ShardState::kDead;
      CHECK(expected);
    }
    if (round % 2 == 0) registry::sweep();
  }
  CHECK(reap_shards(false).problems.empty());
  CHECK(dir.names() == std::vector<std::string>{"live.shard"});
}
