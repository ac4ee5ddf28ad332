#pragma once

#include <csignal>

#include "sys/base/fd.hpp"
#include "sys/base/signals.hpp"

namespace nslaunch::run {

/// Throws UsageError where the process has more than one thread: init goes on from a fork without an exec,
/// where another thread's locks would be held for ever, and is tied to the thread that has made it. `what`
/// wants one.
void refuse_threads(const char* what);

/// Holds the calling process's signals back for as long as it lives, and hands them out one by one.
class CallersSignals {
 public:
  CallersSignals();
  CallersSignals(const CallersSignals&) = delete;
  CallersSignals& operator=(const CallersSignals&) = delete;
  ~CallersSignals();

  /// As they were before: what a command is to get.
  const sys::SignalState& before() const noexcept { return before_; }
  /// A signalfd on all that are held back.
  sys::Fd& signals() noexcept { return signals_; }

 private:
  sys::SignalState before_;
  sys::BlockedSignals blocked_;
  struct sigaction child_signal_;
  sys::Fd signals_;
};

}  // namespace nslaunch::run
