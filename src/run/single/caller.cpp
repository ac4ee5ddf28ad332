#include "run/single/caller.hpp"

#include <unistd.h>
#include <nslaunch/error.hpp>

#include "shard/supervise/signal_relay.hpp"
#include "sys/base/check.hpp"
#include "sys/process/procfs.hpp"

namespace nslaunch::run {
namespace {

/// As a container's first process we inherit all orphans: the kernel reaps them for us (K40).
struct sigaction let_strangers_be_reaped() {
  return ::getpid() == 1 ? sys::ignore_signal(SIGCHLD) : sys::reset_signal(SIGCHLD);
}

}  // namespace

void refuse_threads(const char* what) {
  const auto threads = sys::own_threads();
  if (threads > 1)
    throw UsageError(fmt::format("{} wants a process with one thread, and this one has {}", what, threads),
                     "Call it before others are started, or from a process of its own.");
}

CallersSignals::CallersSignals()
    : before_(sys::SignalState::current()),
      blocked_(shard::handled_signals()),
      child_signal_(let_strangers_be_reaped()),
      signals_(sys::make_signalfd(shard::handled_signals())) {}

CallersSignals::~CallersSignals() {
  sys::discard_signals(signals());
  ::sigaction(SIGCHLD, &child_signal_, nullptr);
}

}  // namespace nslaunch::run
