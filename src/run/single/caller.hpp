#pragma once

#include <csignal>

#include "sys/base/fd.hpp"
#include "sys/base/signals.hpp"

namespace nslaunch::run {

/// Throws UsageError if the process has more than one thread: init continues after a fork without an exec,
/// where another thread's locks would be held forever, and is tied to the thread that created it. `what`
/// needs one.
void refuse_threads(const char* what);

/// Blocks the calling process's signals for as long as it lives, and delivers them one by one. What has not
/// been taken at its end is dropped: it is too late for the command, and not meant for us.
class CallersSignals {
 public:
  CallersSignals();
  CallersSignals(const CallersSignals&) = delete;
  CallersSignals& operator=(const CallersSignals&) = delete;
  ~CallersSignals();

  /// The state before, which a command gets.
  const sys::SignalState& before() const noexcept { return before_; }
  /// A signalfd for all blocked signals.
  int signals() const noexcept { return signals_.get(); }

 private:
  sys::SignalState before_;
  sys::BlockedSignals blocked_;
  struct sigaction child_signal_;
  sys::Fd signals_;
};

}  // namespace nslaunch::run
