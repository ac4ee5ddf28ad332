#include "shard/launcher/ending_signals.hpp"

#include "shard/diagnose/explain.hpp"
#include "sys/base/log.hpp"
#include "sys/base/signals.hpp"

namespace nslaunch::shard {
namespace {

/// From "go" to the command's start takes a millisecond, unless something hangs.
constexpr std::chrono::seconds kPatience{2};

int pending_one() noexcept {
  sigset_t pending;
  ::sigpending(&pending);
  for (const int signal : sys::kEndingSignals) {
    if (!sys::is_ignored(signal) && ::sigismember(&pending, signal) == 1) return signal;
  }
  return 0;
}

}  // namespace

/// The one who reports that must not wait for a second signal.
void EndingSignals::end() const {
  sys::hurry_messages();
  throw EndedLaunch(signal_);
}

void EndingSignals::look(bool command_may_run, bool cancelled) {
  signal_ = cancelled ? SIGTERM : pending_one();
  if (signal_ != 0 && !command_may_run) end();
  if (signal_ != 0) {
    fd_ = cancel_ = -1;
    patience_.emplace(kPatience);
    return;
  }
  // The signal is not ours, stays pending, and must not wake us again.
  own_ = sys::make_signalfd(sys::ending_signals());
  fd_ = own_.get();
}

void EndingSignals::keep_deadline() const {
  if (patience_ && patience_->passed()) end();
}

}  // namespace nslaunch::shard
