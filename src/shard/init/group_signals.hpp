#pragma once

#include <array>
#include <csignal>

#include "sys/base/fd.hpp"
#include "sys/base/signals.hpp"

namespace nslaunch::shard {

/// Records the signals that init itself received. No process sends init any on purpose, so they were sent to
/// the whole process group, which the command is in, too. Blocks every signal for good. Throws Error.
class GroupSignals {
 public:
  GroupSignals();

  int fd() const noexcept { return signals_.get(); }
  /// Reads what has arrived; 1,024 at most, as more may arrive all the time.
  void drain();
  /// Whether there was one since the last call. Real-time signals, which queue, count one by one.
  bool take(int signal);
  /// Every signal that init, and so the whole group, has received from a process or the terminal, as of the
  /// last drain().
  const sys::SignalSet& had() const noexcept { return had_; }

 private:
  sys::Fd signals_;
  sys::SignalSet had_;
  std::array<unsigned, NSIG + 1> seen_{};
};

}  // namespace nslaunch::shard
