#pragma once

#include <csignal>

#include "sys/base/fd.hpp"
#include "sys/base/signals.hpp"

namespace nslaunch::run {

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
