#include "shard/supervise/supervise.hpp"

#include <unistd.h>

#include "shard/supervise/ancestors.hpp"
#include "shard/supervise/signal_relay.hpp"
#include "shard/supervise/supervised_shard.hpp"
#include "sys/base/log.hpp"
#include "sys/base/signals.hpp"
#include "sys/base/values.hpp"
#include "sys/io/loop.hpp"
#include "sys/io/terminal.hpp"

namespace nslaunch::shard {
namespace {

/// The launcher while the command of its only shard runs, as if there were no launcher.
class Supervisor {
 public:
  Supervisor(const Plan& plan, RunningShard shard, Watched watched, const Hooks& hooks, int signals,
             Forwarding& forwarding);

  Outcome run();

 private:
  void release_callers_descriptors();
  void wait_for_something();
  void on_cancelled();
  void on_signal(const signalfd_siginfo& info);
  void act_on(int signal, bool from_somebody);
  void mirror_stop(int signal);

  const Plan& plan_;
  const Hooks& hooks_;
  int signals_;
  std::vector<sys::Pidfd> ancestors_;
  sys::Loop loop_{"waiting for the shard"};
  SupervisedShard shard_;
  SignalRelay relay_;
  bool ancestor_has_ended_ = false;
  std::vector<sys::Loop::Watch> ancestors_watches_;
  sys::Loop::Watch signals_watch_;
  sys::Loop::Watch cancel_watch_;
};

Supervisor::Supervisor(const Plan& plan, RunningShard shard, Watched watched, const Hooks& hooks, int signals,
                       Forwarding& forwarding)
    : plan_(plan),
      hooks_(hooks),
      signals_(signals),
      ancestors_(std::move(watched.ancestors)),
      shard_(plan, std::move(shard), std::move(watched.output), hooks, forwarding, loop_),
      relay_(plan, shard_.peer(), shard_.init()) {
  shard_.stopped = [this](int signal) { mirror_stop(signal); };
  for (const auto& ancestor : ancestors_)
    ancestors_watches_.push_back(
        loop_.watch(ancestor.get(), POLLIN, [this](short) { ancestor_has_ended_ = true; }));
  signals_watch_ = loop_.watch_signals(signals_, [this](const auto& info) { on_signal(info); });
  cancel_watch_ = loop_.watch(plan.cancel, POLLIN, [this](short) { on_cancelled(); });
}

/// Of the caller's descriptors only stderr stays open: a reader of the command's output must get end of file
/// when the command's side is closed, and a writer to its input SIGPIPE.
void Supervisor::release_callers_descriptors() {
  auto keep = shard_.descriptors();
  keep.insert(keep.end(), {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO, signals_, plan_.cancel});
  for (const auto& ancestor : ancestors_) keep.push_back(ancestor.get());
  sys::detach_input_and_output();
  sys::close_all_except(std::move(keep));
}

/// Runs once: the caller reads the descriptor, which stays readable.
void Supervisor::on_cancelled() {
  cancel_watch_.end();
  shard_.ending().on_signal(SIGTERM);
  shard_.ending().end(EndCause::kTerminated);
}

void Supervisor::on_signal(const signalfd_siginfo& info) {
  const int signal = static_cast<int>(info.ssi_signo);
  const bool from_somebody = info.ssi_code <= 0;
  if (sys::is_ignored(signal)) return;  // it was kept because it is blocked (K18)
  // A SIGPIPE of our own, from a stderr without a reader.
  if (from_somebody && info.ssi_pid == static_cast<std::uint32_t>(::getpid())) return;
  hooks_.log("{} from {}", sys::signal_name(signal),
             from_somebody ? fmt::format("pid {}", info.ssi_pid) : "the kernel");
  // The terminal's own signals have reached the command already, except a hangup: the kernel sends it to the
  // session leader alone, which may be us.
  if (from_somebody || signal == SIGHUP) {
    if (const auto second = relay_.forward(signal)) act_on(signal, second->si_code <= 0);
  } else {
    relay_.forward_from_terminal(signal);
    if (sys::is_stop_signal(signal)) mirror_stop(signal);
  }
  act_on(signal, from_somebody);
}

/// The effect of a signal on the shard's own end.
void Supervisor::act_on(int signal, bool from_somebody) {
  if (sys::is_ending_signal(signal)) sys::hurry_messages();
  shard_.ending().on_signal(signal);
  if (signal == SIGINT) shard_.ending().on_interrupt();
  if (signal == SIGTERM) shard_.ending().begin(EndCause::kTerminated);
  // A shell forwards a hangup before the kernel sends it to us, and the two may merge into one (K23).
  const auto terminal_gone = [&] { return !plan_.own_process_group && !sys::open_controlling_terminal(); };
  if (signal == SIGHUP && (!from_somebody || terminal_gone())) shard_.ending().begin(EndCause::kHangup);
}

void Supervisor::mirror_stop(int signal) {
  shard_.ending().postpone(relay_.mirror_stop(signal));
}

void Supervisor::wait_for_something() {
  loop_.turn(shard_.poll_timeout());
  shard_.handle_events();
  if (std::exchange(ancestor_has_ended_, false)) {
    ancestors_watches_.clear();
    ancestors_.clear();
    shard_.ending().on_ancestor_ended();
  }
  shard_.keep_deadlines();
}

Outcome Supervisor::run() {
  if (plan_.gives_up_descriptors) release_callers_descriptors();
  while (!shard_.ended()) wait_for_something();
  return shard_.finish();
}

}  // namespace

Watched::Watched(const Plan& plan) {
  // nohup ignores SIGHUP to make a process outlive those that started it.
  const bool opted_out = !plan.spec.watch_ancestors || sys::is_ignored(SIGHUP);
  if (!opted_out) ancestors = ancestors_in_own_group();
  if (!plan.spec.silence) return;
  const auto stream = [&](int number) {
    return plan.streams.empty() ? number : plan.streams.at(static_cast<std::size_t>(number)).get();
  };
  output.emplace(stream(STDOUT_FILENO), stream(STDERR_FILENO));
}

Outcome supervise(const Plan& plan, RunningShard shard, Watched watched, const Hooks& hooks, int signals,
                  Forwarding& forwarding) {
  return Supervisor(plan, std::move(shard), std::move(watched), hooks, signals, forwarding).run();
}

}  // namespace nslaunch::shard
