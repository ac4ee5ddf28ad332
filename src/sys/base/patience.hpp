#pragma once

#include <chrono>

#include "sys/base/clock.hpp"

namespace nslaunch::sys {

/// What somebody who can keep us waiting as often as he likes may have of our time, in all. What is used
/// comes back slowly, with the time in which nobody waits for him.
class Patience {
 public:
  explicit Patience(std::chrono::seconds whole) : whole_(whole) {}

  /// At the beginning of a wait: how long it may be. Never less than what anything may take that nobody holds
  /// up.
  std::chrono::milliseconds limit(Clock::time_point now);
  /// A wait is over.
  void waited(Clock::time_point from, Clock::time_point until);
  /// He has not been done with in time: he has had it all.
  void use_up() noexcept { left_ = Clock::duration::zero(); }

 private:
  std::chrono::seconds whole_;
  Clock::duration left_ = whole_;
  Clock::time_point last_ = Clock::time_point::max();  ///< the end of the last wait
};

}  // namespace nslaunch::sys
