#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

#include "inspect/hang/standstill.hpp"
#include "shard/supervise/peer.hpp"
#include "sys/base/clock.hpp"

namespace nslaunch::shard {

/// Limits how long the launcher waits for an init whose command has ended. Init gets time for its look at
/// what is left running; then it is asked for an answer, since it may be waiting for a pipeline's tail, and
/// asked again as long as it makes progress.
class LastWait {
 public:
  struct Limits {
    std::chrono::milliseconds look;    ///< for the look, before the first question, and between answers
    std::chrono::milliseconds answer;  ///< for an answer, and to make progress
    std::chrono::milliseconds most;    ///< without an answer, whatever progress it makes
  };

  /// `peer` must outlive it.
  LastWait(pid_t init, Peer& peer, Limits limits) noexcept : init_(init), peer_(peer), limits_(limits) {}

  /// Does nothing if it has begun already.
  void begin();
  /// The launcher was stopped for this long.
  void postpone(sys::Clock::duration pause) noexcept;
  const std::optional<sys::Deadline>& deadline() const noexcept { return deadline_; }
  void keep_deadline();
  /// Init has had its time: Peer::fell_silent() is handled by lost().
  bool is_asking() const noexcept { return asking_; }
  /// Why init, which has not answered, is not worth waiting for; empty if it was asked again, or
  /// is gone.
  std::optional<std::string> lost();

 private:
  void begin_silence();
  void ask(const std::optional<inspect::Pulse>& seen);

  pid_t init_;
  Peer& peer_;
  Limits limits_;
  std::optional<sys::Deadline> deadline_;
  bool asking_ = false;
  std::size_t received_ = 0;  ///< what Peer::received() was when its silence began
  sys::Clock::time_point silent_since_;
  std::optional<inspect::Pulse> seen_;  ///< when it was last asked
  sys::Clock::time_point looked_at_;
};

}  // namespace nslaunch::shard
