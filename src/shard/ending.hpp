#pragma once

#include <nslaunch/outcome.hpp>

#include <deque>
#include <optional>

#include "shard/announcer.hpp"
#include "shard/hold.hpp"
#include "shard/launch.hpp"
#include "shard/peer.hpp"
#include "shard/plan.hpp"
#include "sys/clock.hpp"
#include "sys/pidfd.hpp"
#include "sys/signals.hpp"

namespace nslaunch::shard {

/// How a running shard is brought to its end from outside: who may begin it, and the deadlines that make
/// it happen.
class Ending {
 public:
  Ending(const Plan& plan, const RunningShard& shard, Peer& peer, Announcer& announcer, const Hooks& hooks);

  /// Starts the grace. The command knows already, or is told by the caller.
  void begin(EndCause cause);
  void on_interrupt();
  void on_ancestor_ended();
  /// For every signal that nslaunch has got, in whatever way.
  void on_signal(int signal);
  /// What it has left behind still gets the rest of a grace that has begun.
  void on_command_ended() noexcept { command_running_ = false; }
  /// The command has ended (on_command_ended was called) and init waits to hear whether its shard is held:
  /// where it has failed and nobody told it to end. Only the hold's own deadline runs meanwhile; a grace that
  /// was under way has done its work.
  void on_held(const Message& message);
  /// The launcher has been stopped for so long; deadlines do not run meanwhile.
  void postpone(sys::Clock::duration pause) noexcept;
  /// As poll(2) takes it.
  int poll_timeout() const noexcept;
  /// False where init had to be killed: it says no more.
  bool keep_deadlines();

  EndCause cause() const noexcept { return cause_; }
  bool grace_expired() const noexcept { return grace_expired_; }
  sys::Clock::duration held() const noexcept { return hold_.lasted(); }

 private:
  void on_timeout();
  void on_grace_expired();

  const Plan& plan_;
  Peer& peer_;
  const sys::Pidfd& init_;
  Announcer& announcer_;
  const Hooks& hooks_;
  Hold hold_;
  EndCause cause_ = EndCause::kNone;
  bool grace_expired_ = false;
  bool command_running_ = true;
  bool command_knows_ = false;     ///< it has been told to end, or has seen a Ctrl-C
  bool told_by_somebody_ = false;  ///< so it was, and not by --timeout alone
  sys::SignalSet signals_seen_;
  std::optional<sys::Deadline> timeout_;
  std::optional<sys::Deadline> grace_;
  std::optional<sys::Deadline> hard_limit_;
  std::deque<sys::Clock::time_point> interrupts_;
};

}  // namespace nslaunch::shard
