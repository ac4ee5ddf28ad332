#pragma once

#include <array>
#include <csignal>

#include "sys/base/fd.hpp"
#include "sys/base/signals.hpp"

namespace nslaunch::shard {

/// Init's memory of the signals that it got itself. Nobody sends init any on purpose, so what it got was
/// sent to the whole process group, which the command is in, too. Blocks every signal for good. Throws Error.
class GroupSignals {
 public:
  GroupSignals();

  int fd() const noexcept { return signals_.get(); }
  /// Takes what has come; 1,024 at most, as more may come all the time.
  void drain();
  /// Whether there was one since the last call. Of real-time signals, which queue, each counts.
  bool take(int signal);
  /// What init, and so the whole group, has ever been sent by somebody or the terminal, as of the last
  /// drain().
  const sys::SignalSet& had() const noexcept { return had_; }

 private:
  sys::Fd signals_;
  sys::SignalSet had_;
  std::array<unsigned, NSIG + 1> seen_{};
};

}  // namespace nslaunch::shard
