#include <unistd.h>

#include <csignal>
#include <utility>

#include "run/fleet/fleet.hpp"
#include "sys/base/check.hpp"
#include "sys/base/log.hpp"
#include "sys/base/signals.hpp"
#include "sys/base/values.hpp"

// What ends, stops or reaches all of a fleet's shards at once.
namespace nslaunch::run {

void Fleet::cancel(FleetEnd end, int signal) {
  schedule_.stop();
  const bool again = std::exchange(cancelled_, true);
  const bool second_signal = results_.signal() != 0;
  if (!again) results_.ended_by(end);
  if (signal != 0) {
    results_.ended_by_signal(signal);
    hurried_ = true;
  }
  for (auto& active : running_) {
    active.cancelled |= active.shard->command_runs();
    if (second_signal && signal != 0) active.shard->kill(EndCause::kInterrupts);
    if (!again) active.shard->end(EndCause::kTerminated);
  }
}

void Fleet::handle_signals() {
  constexpr int kMostSignals = 64;  // per turn
  for (int count = 0; count < kMostSignals; ++count) {
    const auto info = sys::read_signal(caller_.signals());
    if (!info) break;
    on_signal(*info);
  }
  if (std::exchange(cancel_is_due_, false)) end_by(SIGTERM);
}

void Fleet::end_by(int signal) {
  sys::hurry_messages();
  if (results_.signal() != 0)
    notify(FleetNotice::Kind::kKilling, "killing all shards");
  else
    notify(FleetNotice::Kind::kEnding,
           fmt::format("ending all shards, and killing them in {}; once more kills them now",
                       sys::format_duration(spec_.shard.grace)));
  cancel(signal == SIGINT ? FleetEnd::kInterrupted : FleetEnd::kTerminated, signal);
}

void Fleet::on_signal(const signalfd_siginfo& info) {
  const int signal = static_cast<int>(info.ssi_signo);
  if (const auto addressed = registry::read_addressed(info)) return forward(*addressed);
  if (sys::is_ignored(signal)) return;
  switch (signal) {
    case SIGINT:
    case SIGTERM:
    case SIGHUP:
    case SIGQUIT:
      return end_by(signal);
    case SIGTSTP:
    case SIGTTIN:
    case SIGTTOU:
      return stop_with(signal);
    case SIGWINCH:
      return observers_.notify(&FleetObserver::signal_arrived, SignalArrived{signal});
    case SIGPIPE:
    case SIGXFSZ:
      return;
    default:
      for (auto& active : running_) active.shard->forward(signal);
  }
}

/// For `nslaunch kill` of one of the shards.
void Fleet::forward(const registry::AddressedSignal& addressed) {
  for (auto& active : running_) {
    if (active.shard->init_pid() == addressed.init) active.shard->forward(addressed.signal);
  }
}

/// Stops the shards with the launcher; deadlines do not run meanwhile.
void Fleet::stop_with(int signal) {
  observers_.notify(&FleetObserver::fleet_stopping, FleetStopping{});
  for (auto& active : running_) active.shard->forward(signal);
  const auto stopped_at = sys::Clock::now();
  sys::reset_signal(signal);
  ::kill(::getpid(), signal);
  sys::deliver_pending(signal);
  const auto pause = sys::Clock::now() - stopped_at;
  sys::take_pending(SIGCONT);  // each shard gets one below
  for (auto& active : running_) {
    active.shard->forward(SIGCONT);
    active.shard->postpone(pause);
    active.stopped += pause;
  }
  next_start_.postpone(pause);
  if (total_limit_) total_limit_->postpone(pause);
  observers_.notify(&FleetObserver::fleet_continued, FleetContinued{});
}

}  // namespace nslaunch::run
