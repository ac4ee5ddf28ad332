#pragma once

#include <array>
#include <csignal>

#include "sys/fd.hpp"

namespace nslaunch::shard {

/// Init's memory of the signals that it got itself. Nobody sends init any on purpose, so what it got was
/// sent to the whole process group, which the command is in, too. Blocks every signal for good.
class GroupSignals {
 public:
  GroupSignals();

  int fd() const noexcept { return signals_.get(); }
  void drain();
  /// Whether there was one since the last call. Of real-time signals, which queue, each counts.
  bool take(int signal);

 private:
  sys::Fd signals_;
  std::array<unsigned, NSIG + 1> seen_{};
};

}  // namespace nslaunch::shard
