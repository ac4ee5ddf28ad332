#pragma once

#include <csignal>
#include <optional>

#include "sys/base/clock.hpp"
#include "sys/base/fd.hpp"

namespace nslaunch::shard {

/// The caller's signals that end a launch: TERM, INT, HUP and QUIT unless they are ignored. None is consumed:
/// if the launch continues, they are the command's, which may run before its launcher knows. The same applies
/// to Plan::cancel, which counts as TERM.
class EndingSignals {
 public:
  /// A signalfd of the caller's, and Plan::cancel; either may be -1.
  EndingSignals(int callers_signals, int cancel) noexcept : fd_(callers_signals), cancel_(cancel) {}

  /// Readable when there is something to look at; -1 if nothing more will arrive.
  int fd() const noexcept { return fd_; }
  int cancel() const noexcept { return cancel_; }
  /// For poll(2): the time until keep_deadline() has something to do.
  int poll_timeout() const noexcept { return patience_ ? patience_->poll_timeout() : -1; }
  /// If one of them has arrived: throws EndedLaunch, at once if no command can be running yet. `cancelled`:
  /// cancel() is readable.
  void look(bool command_may_run, bool cancelled);
  /// Throws EndedLaunch if a launch with a signal for its command has not finished in time.
  void keep_deadline() const;

 private:
  [[noreturn]] void end() const;

  int fd_;
  int cancel_;
  int signal_ = 0;
  sys::Fd own_;
  std::optional<sys::Deadline> patience_;
};

}  // namespace nslaunch::shard
