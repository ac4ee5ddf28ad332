#include "shard/supervise.hpp"

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "shard/ancestors.hpp"
#include "shard/announcer.hpp"
#include "shard/ending.hpp"
#include "shard/explain.hpp"
#include "shard/signal_relay.hpp"
#include "shard/usage.hpp"
#include "sys/procfs.hpp"
#include "sys/terminal.hpp"

namespace nslaunch::shard {
namespace {

using std::chrono::duration_cast;
using std::chrono::microseconds;
using std::chrono::milliseconds;

/// The launcher while the command runs.
class Supervisor {
 public:
  Supervisor(const Plan& plan, RunningShard shard, Watched watched, const Hooks& hooks, sys::Fd signals,
             Forwarding& forwarding);

  Outcome run();

 private:
  void release_callers_descriptors();
  void wait_for_something();
  void on_signal(const signalfd_siginfo& info);
  void act_on(int signal, bool from_somebody);
  void mirror_stop(int signal);
  void on_message(const Message& message);
  void on_command_ended(int wait_status);
  void hear_last_words();
  Outcome finish();

  const Plan& plan_;
  RunningShard shard_;
  const Hooks& hooks_;
  sys::Fd signals_;
  Peer peer_;
  SignalRelay relay_;
  Announcer announcer_;
  std::vector<sys::Pidfd> ancestors_;
  Ending ending_;
  Forwarding& forwarding_;
  Outcome outcome_;
  bool command_running_ = true;
  bool finished_ = false;
  bool init_gone_ = false;
  sys::Clock::time_point command_ended_at_;
  std::uint64_t oom_kills_before_ = sys::oom_kills();
};

Supervisor::Supervisor(const Plan& plan, RunningShard shard, Watched watched, const Hooks& hooks,
                       sys::Fd signals, Forwarding& forwarding)
    : plan_(plan),
      shard_(std::move(shard)),
      hooks_(hooks),
      signals_(std::move(signals)),
      peer_(shard_.channel.get()),
      relay_(plan, peer_, shard_.init),
      announcer_(hooks.warning),
      ancestors_(std::move(watched.ancestors)),
      ending_(plan, shard_, peer_, announcer_, hooks, std::move(watched.output)),
      forwarding_(forwarding) {
  forwarding_.begin(shard_, [this](std::string line) { announcer_.announce(std::move(line)); });
  outcome_.isolation = shard_.isolation;
}

/// Only stderr stays of what the caller gave us: a reader of the command's output must meet end of
/// file when the command's side is closed, and a writer to its input SIGPIPE.
void Supervisor::release_callers_descriptors() {
  std::vector<int> keep{STDIN_FILENO,      STDOUT_FILENO,        STDERR_FILENO,
                        shard_.init.get(), shard_.channel.get(), signals_.get()};
  for (const auto& ancestor : ancestors_) keep.push_back(ancestor.get());
  const auto also = [&](const std::vector<int>& more) { keep.insert(keep.end(), more.begin(), more.end()); };
  also(forwarding_.descriptors());
  also(ending_.descriptors());
  if (hooks_.descriptors) also(hooks_.descriptors());
  sys::detach_input_and_output();
  sys::close_all_except(std::move(keep));
}

void Supervisor::on_signal(const signalfd_siginfo& info) {
  const int signal = static_cast<int>(info.ssi_signo);
  const bool from_somebody = info.ssi_code <= 0;
  if (sys::is_ignored(signal)) return;  // it was kept all the same, being blocked (K18)
  // A SIGPIPE of our own making, from a stderr that nobody reads.
  if (from_somebody && info.ssi_pid == static_cast<std::uint32_t>(::getpid())) return;
  // The terminal's own have reached the command already, but for a hangup: that is told to the session
  // leader alone, which may be us.
  if (from_somebody || signal == SIGHUP) {
    if (const auto second = relay_.forward(signal)) act_on(signal, second->si_code <= 0);
  } else {
    peer_.tell(Kind::kFromTerminal, signal);
    if (sys::is_stop_signal(signal)) mirror_stop(signal);
  }
  act_on(signal, from_somebody);
}

/// What a signal means for the shard's own end.
void Supervisor::act_on(int signal, bool from_somebody) {
  ending_.on_signal(signal);
  if (signal == SIGINT) ending_.on_interrupt();
  if (signal == SIGTERM) ending_.begin(EndCause::kTerminated);
  // A shell passes a hangup on before the kernel tells us of it, and the two may become one (K23).
  const auto terminal_gone = [&] { return !plan_.own_process_group && !sys::open_controlling_terminal(); };
  if (signal == SIGHUP && (!from_somebody || terminal_gone())) ending_.begin(EndCause::kHangup);
}

void Supervisor::mirror_stop(int signal) {
  ending_.postpone(relay_.mirror_stop(signal));
}

void Supervisor::on_command_ended(int wait_status) {
  command_running_ = false;
  ending_.on_command_ended();
  command_ended_at_ = sys::Clock::now();
  outcome_.term_signal = WIFSIGNALED(wait_status) ? WTERMSIG(wait_status) : 0;
  outcome_.exit_status = WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 0;
  const bool killed_by_others = outcome_.term_signal == SIGKILL && ending_.cause() == EndCause::kNone;
  outcome_.out_of_memory = killed_by_others && sys::oom_kills() > oom_kills_before_;
}

void Supervisor::on_message(const Message& message) {
  switch (message.kind) {
    case Kind::kStopped:
      mirror_stop(message.code);
      break;
    case Kind::kCommandEnded:
      on_command_ended(message.code);
      if (hooks_.stopping) hooks_.stopping();
      break;
    case Kind::kHeld:
      on_command_ended(message.code);
      ending_.on_held(message);
      break;
    case Kind::kLeak:
      outcome_.leaks.push_back(unpack_leak(message.payload));
      break;
    case Kind::kCaptured:
      outcome_.capture = unpack_capture(message.payload);
      break;
    case Kind::kFinished:
      if (command_running_) on_command_ended(message.code);
      outcome_.leak_count = static_cast<std::size_t>(message.detail);
      take_unreaped(message.payload, outcome_);
      finished_ = true;
      break;
    default:
      throw_failure(plan_, message);
  }
}

void Supervisor::wait_for_something() {
  std::vector<pollfd> watched = {{shard_.init.get(), POLLIN, 0},
                                 {shard_.channel.get(), POLLIN, 0},
                                 {signals_.get(), POLLIN, 0},
                                 {forwarding_.fd(), POLLIN, 0}};
  const auto own = static_cast<std::ptrdiff_t>(watched.size());
  for (const auto& ancestor : ancestors_) watched.push_back({ancestor.get(), POLLIN, 0});
  if (::poll(watched.data(), watched.size(), forwarding_.busy() ? 0 : ending_.poll_timeout()) < 0) return;
  forwarding_.attend();
  if (watched[2].revents != 0) {
    while (const auto info = sys::read_signal(signals_.get())) on_signal(*info);
  }
  while (const auto message = peer_.next()) on_message(*message);
  if ((watched[1].revents & POLLHUP) != 0) finished_ = true;
  if (watched[0].revents != 0) init_gone_ = true;
  const auto ended = [](const pollfd& ancestor) { return ancestor.revents != 0; };
  if (std::any_of(watched.begin() + own, watched.end(), ended)) {
    ancestors_.clear();
    ending_.on_ancestor_ended();
  }
  if (!ending_.keep_deadlines()) finished_ = true;
}

/// What init said before it went is still in the channel.
void Supervisor::hear_last_words() {
  while (const auto message = peer_.next()) {
    if (message->kind == Kind::kHeld) {
      on_command_ended(message->code);  // there is nothing to hold any more
    } else if (message->kind != Kind::kStopped) {
      on_message(*message);
    }
  }
}

Outcome Supervisor::finish() {
  forwarding_.end();
  rusage used = {};
  const auto end = shard_.wait_for_end(outcome_.culprit, &used);
  const auto now = sys::Clock::now();
  outcome_.all_gone = end.has_value();
  announcer_.announce_the_rest();
  if (end) hear_last_words();
  if (end && outcome_.usage) add(used, *outcome_.usage);
  outcome_.cause = ending_.cause();
  outcome_.grace_expired = ending_.grace_expired();
  if (command_running_) {
    command_ended_at_ = now;
    if (outcome_.cause != EndCause::kInterrupts && !outcome_.grace_expired) {
      throw explain_killed_init(outcome_, end ? end->si_status : 0);
    }
    // So that a shell's loop around us stops, as on any Ctrl-C.
    outcome_.term_signal = outcome_.cause == EndCause::kInterrupts ? SIGINT : SIGKILL;
  }
  outcome_.duration = duration_cast<microseconds>(command_ended_at_ - shard_.started_at);
  outcome_.held = duration_cast<microseconds>(ending_.held());
  outcome_.teardown = duration_cast<microseconds>(now - command_ended_at_) - outcome_.held;
  return std::move(outcome_);
}

Outcome Supervisor::run() {
  release_callers_descriptors();
  while (!finished_ && !init_gone_) wait_for_something();
  auto outcome = finish();
  // Too late for the command, and not meant for us: it must not change how we end.
  while (sys::read_signal(signals_.get())) continue;
  return outcome;
}

}  // namespace

Watched::Watched(const Plan& plan) {
  // An ignored SIGHUP is nohup's way of saying: outlive those who started you.
  const bool opted_out = !plan.spec.watch_ancestors || sys::is_ignored(SIGHUP);
  if (!opted_out) ancestors = ancestors_in_own_group();
  if (plan.spec.silence) output.emplace();
}

Outcome supervise(const Plan& plan, RunningShard shard, Watched watched, const Hooks& hooks, sys::Fd signals,
                  Forwarding& forwarding) {
  return Supervisor(plan, std::move(shard), std::move(watched), hooks, std::move(signals), forwarding).run();
}

}  // namespace nslaunch::shard
