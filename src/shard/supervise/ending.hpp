#pragma once

#include <nslaunch/outcome.hpp>

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "shard/launcher/running_shard.hpp"
#include "shard/plan/plan.hpp"
#include "shard/supervise/announcer.hpp"
#include "shard/supervise/hang_reporter.hpp"
#include "shard/supervise/hold.hpp"
#include "shard/supervise/last_wait.hpp"
#include "shard/supervise/peer.hpp"
#include "shard/supervise/silence.hpp"
#include "sys/base/clock.hpp"
#include "sys/base/signals.hpp"
#include "sys/io/loop.hpp"

namespace nslaunch::shard {

/// Ends a running shard from outside: the events that start this, and the deadlines that enforce it. On a
/// hang (--timeout, --silence) the command is inspected first, then its processes may dump what they are
/// doing, then it gets SIGTERM, and after the grace it is killed.
class Ending {
 public:
  /// `output`: set if there is a limit on silence and the launcher does not read the output itself. The other
  /// arguments must outlive it.
  Ending(const Plan& plan, const RunningShard& shard, Peer& peer, Announcer& announcer, const Hooks& hooks,
         std::optional<OutputWatch> output, sys::Loop& loop);

  /// Starts the grace. The command has received a signal already, or the caller sends one.
  void begin(EndCause cause);
  /// Sends the command SIGTERM, unless it has received a signal already, and starts the grace.
  void end(EndCause cause);
  /// Ends the shard at once.
  void kill(EndCause cause);
  void on_interrupt();
  void on_ancestor_ended();
  /// Output has arrived, if the launcher itself reads it.
  void on_output() noexcept;
  /// For every signal that nslaunch receives, in whatever way.
  void on_signal(int signal);
  /// What it has left running still gets the rest of a grace that has begun.
  void on_command_ended();
  /// The command has ended (on_command_ended() was called) and init waits for the decision whether its shard
  /// is held: it is if the command has failed and was not asked to end. Only the hold's own deadline runs
  /// meanwhile; a grace that was under way has done its work.
  void on_held(const Message& message);
  /// The launcher was stopped for this long; deadlines do not run meanwhile.
  void postpone(sys::Clock::duration pause) noexcept;
  /// A timeout for poll(2).
  int poll_timeout() const noexcept;
  /// False if init had to be killed: it sends nothing more.
  bool keep_deadlines();

  EndCause cause() const noexcept { return cause_; }
  bool grace_expired() const noexcept { return grace_expired_; }
  sys::Clock::duration held() const noexcept { return hold_.lasted(); }
  /// The wait for an init whose command has ended, and whose shard is not held.
  LastWait& last_wait() noexcept { return last_wait_; }
  /// Descriptors of the caller's streams, or on them, to be kept open.
  std::vector<int> descriptors() const { return silence_ ? silence_->descriptors() : std::vector<int>(); }

 private:
  void on_timeout();
  void on_silence();
  void on_hang(EndCause cause, const std::string& why);
  void after_hang_report();
  void end_hung_command();
  void end_hang_report() noexcept;
  void on_grace_expired();

  const Plan& plan_;
  Peer& peer_;
  const RunningShard& shard_;
  Announcer& announcer_;
  const Hooks& hooks_;
  Hold hold_;
  EndCause cause_ = EndCause::kNone;
  bool grace_expired_ = false;
  bool command_running_ = true;
  bool command_knows_ = false;     ///< it was asked to end, or has received a Ctrl-C
  bool told_by_somebody_ = false;  ///< it was, and not by a time limit alone
  sys::SignalSet signals_seen_;
  std::optional<sys::Deadline> timeout_;
  std::optional<Silence> silence_;
  std::optional<sys::Deadline> quiet_;  ///< instead of silence_, if on_output() is called
  sys::Loop& loop_;
  std::optional<HangReporter> hang_reporter_;  ///< of a hang
  sys::Loop::Watch hang_report_watch_;
  std::optional<sys::Deadline> dump_;  ///< the time for the reaction to --dump-signal
  std::optional<sys::Deadline> grace_;
  std::optional<sys::Deadline> hard_limit_;
  LastWait last_wait_;
  std::deque<sys::Clock::time_point> interrupts_;
};

}  // namespace nslaunch::shard
