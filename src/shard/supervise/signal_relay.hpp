#pragma once

#include <optional>

#include "shard/plan/plan.hpp"
#include "shard/supervise/peer.hpp"
#include "sys/base/clock.hpp"
#include "sys/process/pidfd.hpp"

namespace nslaunch::shard {

/// The signals that the launcher handles in place of dying or stopping of them: everything that can be
/// caught, but for SIGCHLD. To be blocked before the launch, so that none is lost. One that the caller
/// has set to be ignored arrives, too, while it is blocked, and is ignored then.
sys::SignalSet handled_signals();

/// Makes signals do to the command what they would do without a launcher in between. With a terminal
/// the command shares the launcher's process group, so that what is sent to the group has reached it;
/// without one it has a group of its own.
class SignalRelay {
 public:
  SignalRelay(const Plan& plan, Peer& peer, const sys::Pidfd& init) noexcept
      : plan_(plan), peer_(peer), init_(init) {}

  /// For a signal that somebody has sent to the launcher, or to its group. Returns the second instance of
  /// it that waited meanwhile and counts as one with it, as in the kernel.
  std::optional<siginfo_t> forward(int signal);
  /// For one that the terminal has sent to its foreground group, which is ours.
  void forward_from_terminal(int signal);
  /// Stops the launcher if the command has stopped, and returns when somebody has continued it: how long
  /// that took, zero where nothing stopped.
  sys::Clock::duration mirror_stop(int signal);

 private:
  void forward_continue();

  const Plan& plan_;
  Peer& peer_;
  const sys::Pidfd& init_;
  bool stop_forwarded_ = false;
};

}  // namespace nslaunch::shard
