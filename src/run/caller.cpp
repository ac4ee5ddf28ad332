#include "run/caller.hpp"

#include "shard/signal_relay.hpp"

namespace nslaunch::run {

// SIGCHLD may arrive ignored, and then no child can be waited for.
CallersSignals::CallersSignals()
    : before_(sys::SignalState::current()),
      blocked_(shard::handled_signals()),
      child_signal_(sys::reset_signal(SIGCHLD)),
      signals_(sys::make_signalfd(shard::handled_signals())) {}

CallersSignals::~CallersSignals() {
  ::sigaction(SIGCHLD, &child_signal_, nullptr);
}

}  // namespace nslaunch::run
