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

/// How a running shard is brought to its end from outside: who may begin it, and the deadlines that make
/// it happen. A hang (--timeout, --silence) is looked at first, then the command's processes may dump what
/// they are doing, then it is told to end, and after the grace it is killed.
class Ending {
 public:
  /// `output`: where there is a limit on silence, and the launcher does not read the output itself. The
  /// others must outlive it.
  Ending(const Plan& plan, const RunningShard& shard, Peer& peer, Announcer& announcer, const Hooks& hooks,
         std::optional<OutputWatch> output, sys::Loop& loop);

  /// Starts the grace. The command knows already, or is told by the caller.
  void begin(EndCause cause);
  /// Tells the command to end, unless it knows, and starts the grace.
  void end(EndCause cause);
  /// Ends the shard at once.
  void kill(EndCause cause);
  void on_interrupt();
  void on_ancestor_ended();
  /// There was output, where the launcher itself reads it.
  void on_output() noexcept;
  /// For every signal that nslaunch has got, in whatever way.
  void on_signal(int signal);
  /// What it has left behind still gets the rest of a grace that has begun.
  void on_command_ended();
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
  /// With an init whose command has ended, and whose shard is not held.
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
  bool command_knows_ = false;     ///< it has been told to end, or has seen a Ctrl-C
  bool told_by_somebody_ = false;  ///< so it was, and not by --timeout alone
  sys::SignalSet signals_seen_;
  std::optional<sys::Deadline> timeout_;
  std::optional<Silence> silence_;
  std::optional<sys::Deadline> quiet_;  ///< in place of it where on_output() tells
  sys::Loop& loop_;
  std::optional<HangReporter> hang_reporter_;  ///< of a hang
  sys::Loop::Watch hang_report_watch_;
  std::optional<sys::Deadline> dump_;  ///< the time for what --dump-signal makes them do
  std::optional<sys::Deadline> grace_;
  std::optional<sys::Deadline> hard_limit_;
  LastWait last_wait_;
  std::deque<sys::Clock::time_point> interrupts_;
};

}  // namespace nslaunch::shard
