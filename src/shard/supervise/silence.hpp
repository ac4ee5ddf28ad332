#pragma once

#include <sys/types.h>

#include <chrono>

#include "shard/supervise/announcer.hpp"
#include "shard/supervise/output_watch.hpp"
#include "sys/base/clock.hpp"

namespace nslaunch::shard {

/// The limit on the time without output. The watch reports only whether there was any since the last look, so
/// it looks eight times within the limit: a silence is detected late by at most one such interval (and the 8
/// s of a terminal's clock), and never too early.
class Silence {
 public:
  /// `init`: the shard's, by its pid here. The time begins at the start of the command.
  Silence(std::chrono::milliseconds limit, OutputWatch watch, pid_t init, sys::Clock::time_point started_at);

  /// When to ask broken().
  const sys::Deadline& next_look() const noexcept { return next_look_; }
  /// Looks, if it is time to, and returns whether the limit has passed without output. Announces once if that
  /// can't be determined.
  bool broken(Announcer& announcer);
  /// The time that the job was stopped for does not count.
  void postpone(sys::Clock::duration pause) noexcept;
  std::vector<int> descriptors() const { return watch_.descriptors(); }

 private:
  void set_next_look() noexcept;
  void say_blind_for(pid_t process, Announcer& announcer);

  std::chrono::milliseconds limit_;
  OutputWatch watch_;
  pid_t init_;
  sys::Clock::time_point last_output_;  ///< or later
  sys::Deadline next_look_;
  bool said_blind_ = false;
};

}  // namespace nslaunch::shard
