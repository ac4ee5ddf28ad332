#pragma once

#include <nslaunch/outcome.hpp>

#include <deque>
#include <functional>
#include <optional>

#include "shard/announcer.hpp"
#include "shard/peer.hpp"
#include "shard/plan.hpp"
#include "sys/clock.hpp"
#include "sys/pidfd.hpp"

namespace nslaunch::shard {

/// How a running shard is brought to its end from outside: who may begin it, and the deadlines that make
/// it happen.
class Ending {
 public:
  /// `stopping` may be empty; it is called once, when a running command is told to end.
  Ending(const Plan& plan, sys::Clock::time_point started_at, Peer& peer, const sys::Pidfd& init,
         Announcer& announcer, const std::function<void()>& stopping);

  /// Starts the grace. The command knows already, or is told by the caller.
  void begin(EndCause cause);
  void on_interrupt();
  void on_ancestor_ended();
  /// What it has left behind still gets the rest of a grace that has begun.
  void on_command_ended() noexcept { command_running_ = false; }
  /// The launcher has been stopped for so long; deadlines do not run meanwhile.
  void postpone(sys::Clock::duration pause) noexcept;
  /// As poll(2) takes it.
  int poll_timeout() const noexcept;
  /// False where init had to be killed: it says no more.
  bool keep_deadlines();

  EndCause cause() const noexcept { return cause_; }
  bool grace_expired() const noexcept { return grace_expired_; }

 private:
  void on_timeout();
  void on_grace_expired();

  const Plan& plan_;
  Peer& peer_;
  const sys::Pidfd& init_;
  Announcer& announcer_;
  const std::function<void()>& stopping_;
  EndCause cause_ = EndCause::kNone;
  bool grace_expired_ = false;
  bool command_running_ = true;
  bool command_knows_ = false;  ///< it has been told to end, or has seen a Ctrl-C
  std::optional<sys::Deadline> timeout_;
  std::optional<sys::Deadline> grace_;
  std::optional<sys::Deadline> hard_limit_;
  std::deque<sys::Clock::time_point> interrupts_;
};

}  // namespace nslaunch::shard
