#pragma once

#include <csignal>

#include "shard/supervise/signal_relay.hpp"
#include "sys/base/signals.hpp"

namespace nslaunch::run {

/// Blocks the caller's signals while it lives, so that none is handled, above all not by a child, which
/// starts with the caller's handlers. A signal raised by a write of ours (forwarding into a connection that
/// was reset) does not reach the caller.
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
