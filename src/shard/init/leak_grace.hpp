#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "inspect/leaks/survivors.hpp"
#include "sys/base/clock.hpp"

namespace nslaunch::shard {

/// How long init waits, once the command has ended, for the end of what it has left running.
class LeakGrace {
 public:
  /// `stdin_pipe`: the inode of the pipe that is the command's standard input, 0 if that is not a pipe.
  LeakGrace(std::chrono::milliseconds length, std::uint64_t stdin_pipe)
      : length_(length), tails_(stdin_pipe) {}

  void begin();
  /// Nothing is waited for from now on.
  void skip();
  bool has_expired() const { return end_ && end_->passed(); }
  /// Returns whether another grace has begun: for the tail of a pipeline that is still moving bytes, because
  /// its output must not be lost.
  bool extend_for_tails();
  /// The time until it expires, as poll(2) takes it; -1: it has not begun.
  int poll_timeout() const { return end_ ? end_->poll_timeout() : -1; }

 private:
  std::chrono::milliseconds length_;
  inspect::PipelineTails tails_;
  std::optional<sys::Deadline> end_;
  bool is_skipped_ = false;
};

}  // namespace nslaunch::shard
