#include "shard/init/group_signals.hpp"

#include "sys/base/check.hpp"

namespace nslaunch::shard {
namespace {

/// A process that sends signals endlessly must not keep init from its other work.
constexpr int kMostAtOnce = 1024;

}  // namespace

GroupSignals::GroupSignals() {
  sigset_t all;
  ::sigfillset(&all);
  // Otherwise init would not be notified of a child's end.
  sys::check(::sigprocmask(SIG_SETMASK, &all, nullptr), "blocking signals");
  signals_ = sys::make_signalfd(sys::SignalSet(all));
}

void GroupSignals::drain() {
  for (int count = 0; count < kMostAtOnce; ++count) {
    const auto info = sys::read_signal(signals_.get());
    if (!info) return;
    const auto signal = info->ssi_signo;
    // As in the kernel, stop and continue cancel each other: the launcher never received the cancelled one,
    // and so won't ask for it.
    if (sys::is_stop_signal(static_cast<int>(signal))) seen_[SIGCONT] = 0;
    if (signal == SIGCONT) seen_[SIGTSTP] = seen_[SIGTTIN] = seen_[SIGTTOU] = 0;
    // The terminal's own Ctrl-C reaches the whole group and is never asked about; its hangup is. Queued
    // signals (SI_QUEUE) were for init alone.
    if (info->ssi_code == SI_USER || info->ssi_code == SI_KERNEL) had_.add(static_cast<int>(signal));
    const bool to_group = info->ssi_code == SI_USER || signal == SIGHUP;
    if (to_group && signal < seen_.size()) ++seen_[signal];
  }
}

bool GroupSignals::take(int signal) {
  drain();
  auto& count = seen_.at(static_cast<std::size_t>(signal));
  if (count == 0) return false;
  count = signal >= SIGRTMIN ? count - 1 : 0;
  return true;
}

}  // namespace nslaunch::shard
