#include "run/single/caller.hpp"

#include <unistd.h>

#include "shard/supervise/signal_relay.hpp"

namespace nslaunch::run {
namespace {

/// As a container's first process we inherit whoever has lost its parent: the kernel reaps them for us (K40).
struct sigaction let_strangers_be_reaped() {
  return ::getpid() == 1 ? sys::ignore_signal(SIGCHLD) : sys::reset_signal(SIGCHLD);
}

}  // namespace

CallersSignals::CallersSignals()
    : before_(sys::SignalState::current()),
      blocked_(shard::handled_signals()),
      child_signal_(let_strangers_be_reaped()),
      signals_(sys::make_signalfd(shard::handled_signals())) {}

CallersSignals::~CallersSignals() {
  ::sigaction(SIGCHLD, &child_signal_, nullptr);
}

}  // namespace nslaunch::run
