#pragma once

#include <csignal>

#include "shard/supervise/signal_relay.hpp"
#include "sys/base/signals.hpp"

namespace nslaunch::run {

/// While something is done here no signal of the caller's is handled, and above all not by a child, which
/// begins with the caller's handlers. What a write of ours raises (forwarding into a connection that was
/// reset) is not the caller's.
class Undisturbed {
 public:
  Undisturbed() { ::sigpending(&before_); }
  Undisturbed(const Undisturbed&) = delete;
  Undisturbed& operator=(const Undisturbed&) = delete;
  ~Undisturbed() {
    for (const int signal : {SIGPIPE, SIGXFSZ}) {
      if (::sigismember(&before_, signal) == 0) sys::take_pending(signal);
    }
  }

 private:
  sigset_t before_;
  sys::BlockedSignals blocked_{shard::handled_signals()};
};

}  // namespace nslaunch::run
