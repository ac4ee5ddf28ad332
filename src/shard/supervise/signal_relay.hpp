#pragma once

#include <optional>

#include "shard/plan/plan.hpp"
#include "shard/supervise/peer.hpp"
#include "sys/base/clock.hpp"
#include "sys/process/pidfd.hpp"

namespace nslaunch::shard {

/// The signals that the launcher handles instead of dying or stopping: all that can be caught, except
/// SIGCHLD. They must be blocked before the launch, so that none is lost. A signal that the caller ignores
/// arrives, too, while it is blocked, and is then ignored.
sys::SignalSet handled_signals();

/// Makes signals affect the command as they would without a launcher in between. With a terminal the command
/// shares the launcher's process group, so that a signal to the group has reached it already; without one it
/// has a group of its own.
class SignalRelay {
 public:
  SignalRelay(const Plan& plan, Peer& peer, const sys::Pidfd& init) noexcept
      : plan_(plan), peer_(peer), init_(init) {}

  /// For a signal that another process has sent to the launcher or its group. Returns the second instance of
  /// it that became pending meanwhile and counts as the same one, as in the kernel.
  std::optional<siginfo_t> forward(int signal);
  /// For a signal that the terminal has sent to its foreground group, which is ours.
  void forward_from_terminal(int signal);
  /// Stops the launcher if the command has stopped, and returns when another process has continued it.
  /// Returns how long that took, zero if nothing stopped.
  sys::Clock::duration mirror_stop(int signal);

 private:
  void forward_continue();

  const Plan& plan_;
  Peer& peer_;
  const sys::Pidfd& init_;
  bool stop_forwarded_ = false;
};

}  // namespace nslaunch::shard
