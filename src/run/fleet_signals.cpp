#include <unistd.h>

#include <csignal>
#include <utility>

#include "run/fleet.hpp"
#include "sys/check.hpp"
#include "sys/signals.hpp"
#include "sys/text.hpp"

// What ends, stops or reaches all of a fleet's shards at once.
namespace nslaunch::run {

void Fleet::cancel(FleetEnd end, int signal) {
  schedule_.stop();
  const bool again = std::exchange(cancelled_, true);
  if (!again) results_.ended_by(end);
  if (signal != 0) results_.ended_by_signal(signal);
  for (auto& berth : running_) {
    berth.cancelled = true;
    if (again && signal != 0) berth.shard->kill(EndCause::kInterrupts);
    if (!again) berth.shard->end(EndCause::kTerminated);
  }
}

void Fleet::on_signal(const signalfd_siginfo& info) {
  const int signal = static_cast<int>(info.ssi_signo);
  if (sys::is_ignored(signal)) return;
  switch (signal) {
    case SIGINT:
    case SIGTERM:
    case SIGHUP:
    case SIGQUIT:
      if (info.ssi_code == SI_QUEUE && info.ssi_int != 0) return forward(info);
      say(cancelled_ ? "killing all shards"
                     : fmt::format("ending all shards, and killing them in {}; once more kills them now",
                                   sys::format_duration(spec_.shard.grace)));
      return cancel(signal == SIGINT ? FleetEnd::kInterrupted : FleetEnd::kTerminated, signal);
    case SIGTSTP:
    case SIGTTIN:
    case SIGTTOU:
      return stop_with(signal);
    case SIGWINCH:
      return progress_->resized();
    case SIGCONT:
    case SIGPIPE:
    case SIGXFSZ:
      return;
    default:
      forward(info);
  }
}

/// To the shard whose init's pid somebody has sent along (`nslaunch kill`), else to all.
void Fleet::forward(const signalfd_siginfo& info) {
  const int signal = static_cast<int>(info.ssi_signo);
  const bool to_one = info.ssi_code == SI_QUEUE && info.ssi_int != 0;
  for (auto& berth : running_) {
    if (!to_one || berth.shard->init_pid() == info.ssi_int) berth.shard->forward(signal);
  }
}

/// The shards stop with us, and no deadline runs meanwhile.
void Fleet::stop_with(int signal) {
  progress_->clear();
  for (auto& berth : running_) berth.shard->forward(signal);
  const auto stopped_at = sys::Clock::now();
  sys::reset_signal(signal);
  ::kill(::getpid(), signal);
  sys::deliver_pending(signal);
  const auto pause = sys::Clock::now() - stopped_at;
  for (auto& berth : running_) {
    berth.shard->forward(SIGCONT);
    berth.shard->postpone(pause);
  }
  next_start_.postpone(pause);
  if (total_limit_) total_limit_->postpone(pause);
  progress_->changed();
}

}  // namespace nslaunch::run
