#pragma once

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "support/process.hpp"
#include "sys/base/clock.hpp"

namespace nslaunch::test {

/// NSLAUNCH_CHAOS_ROUNDS is the total of both identities.
inline int chaos_rounds(int share_of_2000) {
  const char* asked = std::getenv("NSLAUNCH_CHAOS_ROUNDS");
  const int total = asked != nullptr ? std::atoi(asked) : 2000;
  return std::max(total * share_of_2000 / 2000, 8);
}

/// Said on stdout, so that a failure can be had again: NSLAUNCH_CHAOS_SEED.
inline std::mt19937_64 chaos_random() {
  const char* asked = std::getenv("NSLAUNCH_CHAOS_SEED");
  const std::uint64_t seed = asked != nullptr ? std::strtoull(asked, nullptr, 10) : std::random_device{}();
  std::printf("NSLAUNCH_CHAOS_SEED=%llu\n", static_cast<unsigned long long>(seed));
  return std::mt19937_64(seed);
}

/// `count` programs of `start`, eight at a time; each is struck when the time that `delay` gave it
/// since its start has passed. The instants are the experiment: nothing waits for anything by them.
class Volley {
 public:
  std::function<std::unique_ptr<Process>()> start;
  std::function<std::chrono::microseconds()> delay;
  std::function<void(Process&)> strike;
  std::function<void(const Result&)> ended = [](const Result&) {};

  void fire(int count) {
    for (; count > 0; count -= kAtOnce) fire_some(std::min(count, kAtOnce));
  }

 private:
  static constexpr int kAtOnce = 8;

  struct Flight {
    std::unique_ptr<Process> process;
    sys::Clock::time_point due;
  };

  void fire_some(int count) {
    std::deque<Flight> flying;
    std::vector<std::unique_ptr<Process>> struck;
    for (int i = 0; i < count; ++i) {
      auto process = start();
      flying.push_back({std::move(process), sys::Clock::now() + delay()});
      strike_due(flying, struck);
    }
    while (!flying.empty()) {
      const auto next = std::min_element(flying.begin(), flying.end(),
                                         [](const Flight& a, const Flight& b) { return a.due < b.due; });
      std::this_thread::sleep_until(next->due);
      strike_due(flying, struck);
    }
    for (auto& process : struck) ended(process->wait());
  }

  void strike_due(std::deque<Flight>& flying, std::vector<std::unique_ptr<Process>>& struck) const {
    const auto now = sys::Clock::now();
    for (auto flight = flying.begin(); flight != flying.end();) {
      if (flight->due > now) {
        ++flight;
        continue;
      }
      strike(*flight->process);
      struck.push_back(std::move(flight->process));
      flight = flying.erase(flight);
    }
  }
};

}  // namespace nslaunch::test
