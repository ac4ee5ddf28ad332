#pragma once

#include <chrono>

#include "sys/base/clock.hpp"

namespace nslaunch::sys {

/// The total time that we wait for a third party that can block us as often as it likes. Used time is
/// restored slowly while we do not wait for it.
class Patience {
 public:
  explicit Patience(std::chrono::seconds whole) : whole_(whole) {}

  /// At the start of a wait: how long it may take. Never less than what an operation may take that nobody
  /// blocks.
  std::chrono::milliseconds limit(Clock::time_point now);
  /// At the end of a wait.
  void waited(Clock::time_point from, Clock::time_point until);
  /// The third party did not finish in time: its whole time is used up.
  void use_up() noexcept { left_ = Clock::duration::zero(); }

 private:
  std::chrono::seconds whole_;
  Clock::duration left_ = whole_;
  Clock::time_point last_ = Clock::time_point::max();  ///< the end of the last wait
};

}  // namespace nslaunch::sys
