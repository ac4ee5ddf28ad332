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

/// How long a launcher waits for an init whose command has ended: it has the time for its look at what is
/// left running, is asked for an answer then, for it may wait for a pipeline's tail, and asked again for as
/// long as it goes on.
class LastWait {
 public:
  struct Limits {
    std::chrono::milliseconds look;    ///< for the look, before it is asked, and between its answers
    std::chrono::milliseconds answer;  ///< for an answer, and to be seen to go on
    std::chrono::milliseconds most;    ///< without an answer, however it goes on
  };

  /// `peer` must outlive it.
  LastWait(pid_t init, Peer& peer, Limits limits) noexcept : init_(init), peer_(peer), limits_(limits) {}

  /// Unless it has begun.
  void begin();
  /// The launcher has been stopped for so long.
  void postpone(sys::Clock::duration pause) noexcept;
  const std::optional<sys::Deadline>& deadline() const noexcept { return deadline_; }
  void keep_deadline();
  /// Init has had its time, and Peer::fell_silent() is for lost().
  bool is_asking() const noexcept { return asking_; }
  /// Why init, which has not answered, is not worth waiting for; nothing where it has been asked again.
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
