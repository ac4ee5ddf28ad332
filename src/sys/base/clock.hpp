#pragma once

#include <algorithm>
#include <chrono>
#include <limits>

namespace nslaunch::sys {

using Clock = std::chrono::steady_clock;

/// A point in time that a wait must not pass.
class Deadline {
 public:
  explicit Deadline(std::chrono::milliseconds from_now) : at_(Clock::now() + from_now) {}
  explicit Deadline(Clock::time_point at) : at_(at) {}

  Clock::time_point at() const noexcept { return at_; }
  bool passed() const noexcept { return Clock::now() >= at_; }
  void postpone(Clock::duration by) noexcept { at_ += by; }
  /// A timeout for poll(2): milliseconds left, rounded up, never negative.
  int poll_timeout() const noexcept {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(at_ - Clock::now()).count();
    return static_cast<int>(std::clamp<long long>(left, 0, std::numeric_limits<int>::max()));
  }

 private:
  Clock::time_point at_;
};

}  // namespace nslaunch::sys
