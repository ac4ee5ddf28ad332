#include "shard/supervise.hpp"

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <deque>

#include "inspect/holdup.hpp"
#include "shard/ancestors.hpp"
#include "shard/explain.hpp"
#include "sys/check.hpp"
#include "sys/text.hpp"

namespace nslaunch::shard {
namespace {

using std::chrono::duration_cast;
using std::chrono::microseconds;
using std::chrono::milliseconds;

constexpr milliseconds kTeardownLimit{5000};
constexpr milliseconds kInterruptWindow{3000};
constexpr std::size_t kInterruptsThatKill = 3;

/// The launcher while the command runs.
class Supervisor {
 public:
  Supervisor(const Plan& plan, RunningShard shard, const Hooks& hooks, sys::Fd signals);

  Outcome run();

 private:
  void release_callers_descriptors();
  void wait_for_something();
  void on_signal(const signalfd_siginfo& info);
  void on_interrupt();
  void on_message(const Message& message);
  void on_command_stopped(int signal);
  void on_command_ended(int wait_status);
  void on_deadline();
  void on_timeout();
  void on_grace_expired();
  void on_ancestor_ended();
  void forward(const signalfd_siginfo& info);
  void begin_end(EndCause cause);
  void tell(Kind kind, int code = 0) {
    send(shard_.channel.get(), {.kind = kind, .code = code, .payload = {}});
  }
  bool ask(Kind question, int code = 0);
  void drop_pending(int signal);
  bool read_messages();
  void say(std::string line);
  void say_the_rest();
  void hear_last_words();
  Outcome finish();

  const Plan& plan_;
  RunningShard shard_;
  const Hooks& hooks_;
  sys::Fd signals_;
  std::vector<sys::Pidfd> ancestors_;
  Outcome outcome_;
  bool command_running_ = true;
  bool finished_ = false;
  bool init_gone_ = false;
  bool end_under_way_ = false;
  bool stop_forwarded_ = false;
  int stop_to_mirror_ = 0;  ///< a stop that was heard of in the middle of something else
  std::optional<sys::Deadline> timeout_;
  std::optional<sys::Deadline> grace_;
  std::optional<sys::Deadline> hard_limit_;
  std::deque<sys::Clock::time_point> interrupts_;
  sys::Clock::time_point command_ended_at_;
  std::deque<std::string> unsaid_;
};

Supervisor::Supervisor(const Plan& plan, RunningShard shard, const Hooks& hooks, sys::Fd signals)
    : plan_(plan), shard_(std::move(shard)), hooks_(hooks), signals_(std::move(signals)) {
  outcome_.isolation = shard_.isolation;
  if (plan.spec.timeout) timeout_.emplace(shard_.started_at + *plan.spec.timeout);
  // An ignored SIGHUP is nohup's way of saying: outlive those who started you.
  if (plan.spec.watch_ancestors && !plan.caller_signals.ignored.contains(SIGHUP)) {
    ancestors_ = ancestors_in_own_group();
  }
}

/// Only stderr stays of what the caller gave us: a reader of the command's output must meet end of
/// file when the command's side is closed, and a writer to its input SIGPIPE.
void Supervisor::release_callers_descriptors() {
  std::vector<int> keep{STDIN_FILENO,      STDOUT_FILENO,        STDERR_FILENO,
                        shard_.init.get(), shard_.channel.get(), signals_.get()};
  for (const auto& ancestor : ancestors_) keep.push_back(ancestor.get());
  if (hooks_.descriptors) {
    const auto keepers = hooks_.descriptors();
    keep.insert(keep.end(), keepers.begin(), keepers.end());
  }
  sys::detach_stream(STDIN_FILENO);
  sys::detach_stream(STDOUT_FILENO);
  sys::close_all_except(std::move(keep));
}

/// Never waits for the reader of a full stderr: the command that filled it may be what must be ended.
void Supervisor::say(std::string line) {
  unsaid_.push_back(std::move(line));
  pollfd stderr_takes = {STDERR_FILENO, POLLOUT, 0};
  while (!unsaid_.empty() && ::poll(&stderr_takes, 1, 0) != 0) {
    if (hooks_.warning) hooks_.warning(unsaid_.front());
    unsaid_.pop_front();
  }
}

void Supervisor::say_the_rest() {
  for (const auto& line : std::exchange(unsaid_, {})) {
    if (hooks_.warning) hooks_.warning(line);
  }
}

/// Also bounds what the command has left behind, when it has ended already or ends meanwhile: a long
/// leak grace, or a pipeline's tail with much to write.
void Supervisor::begin_end(EndCause cause) {
  if (command_running_ && outcome_.cause == EndCause::kNone) outcome_.cause = cause;
  end_under_way_ = true;
  if (grace_ || hard_limit_) return;
  grace_.emplace(plan_.spec.grace);
  if (command_running_ && hooks_.stopping) hooks_.stopping();
}

/// With a terminal the command shares our process group, and a signal that somebody sent to the whole
/// group has reached it already. setpgid waits for a group send that is still under way (K4); then
/// init, in the same group, knows whether there was one.
void Supervisor::forward(const signalfd_siginfo& info) {
  const int signal = static_cast<int>(info.ssi_signo);
  if (plan_.own_process_group) {
    tell(Kind::kForward, signal);
    return;
  }
  ::setpgid(0, ::getpgrp());
  if (!ask(Kind::kForwardAlone, signal) || signal >= SIGRTMIN) return;
  // Init may have answered for a second group send just after the first: then it is here by now, too.
  ::setpgid(0, ::getpgrp());
  drop_pending(signal);
}

/// Forgets an instance of `signal` that waits to be read, as the kernel does with any second one.
void Supervisor::drop_pending(int signal) {
  sys::SignalSet one;
  one.add(signal);
  const timespec at_once = {};
  siginfo_t info = {};
  if (::sigtimedwait(&one.native(), &info, &at_once) != signal) return;
  // The count and the deadlines must still know of it.
  if (signal == SIGINT) on_interrupt();
}

void Supervisor::on_interrupt() {
  end_under_way_ = true;
  const auto now = sys::Clock::now();
  interrupts_.push_back(now);
  while (now - interrupts_.front() > kInterruptWindow) interrupts_.pop_front();
  if (interrupts_.size() < kInterruptsThatKill || hard_limit_) return;
  say("interrupted three times within 3 s: killing the shard");
  outcome_.cause = EndCause::kInterrupts;
  hard_limit_.emplace(milliseconds{0});
}

void Supervisor::on_signal(const signalfd_siginfo& info) {
  const int signal = static_cast<int>(info.ssi_signo);
  // A SIGPIPE of our own making, from a stderr that nobody reads.
  if (info.ssi_code <= 0 && info.ssi_pid == static_cast<std::uint32_t>(::getpid())) return;
  // The terminal's own have reached the command already, but for a hangup: that is told to the session
  // leader alone, which may be us.
  const bool from_somebody = info.ssi_code <= 0;
  if (from_somebody || signal == SIGHUP) forward(info);
  if (signal == SIGINT) on_interrupt();
  if (signal == SIGTERM) begin_end(EndCause::kTerminated);
  if (signal == SIGHUP && !from_somebody) begin_end(EndCause::kHangup);
  if (signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU) stop_forwarded_ = true;
}

/// The command has stopped by itself (Ctrl-Z in a REPL): the caller's shell waits for us, so we stop
/// likewise. What is said of a stop may be history by the time we hear it: when the shell has
/// continued the whole job, nobody must stop again.
void Supervisor::on_command_stopped(int signal) {
  if (plan_.own_process_group && !stop_forwarded_) return;
  stop_forwarded_ = false;
  ::setpgid(0, ::getpgrp());
  if (!ask(Kind::kAskStopped)) return;
  const auto before = sys::reset_signal(signal);
  sys::SignalSet one;
  one.add(signal);
  one.add(SIGCONT);
  sigset_t blocked;
  ::sigprocmask(SIG_UNBLOCK, &one.native(), &blocked);
  const auto stopped_at = sys::Clock::now();
  ::kill(::getpid(), signal);
  // Here somebody has continued us.
  ::sigprocmask(SIG_SETMASK, &blocked, nullptr);
  ::sigaction(signal, &before, nullptr);
  const auto pause = sys::Clock::now() - stopped_at;
  if (timeout_) timeout_->postpone(pause);
  if (grace_) grace_->postpone(pause);
  ::setpgid(0, ::getpgrp());
  if (ask(Kind::kAskStopped)) tell(Kind::kForward, SIGCONT);
}

/// Init's answer to a yes-or-no question; no where init is gone.
bool Supervisor::ask(Kind question, int code) {
  tell(question, code);
  while (auto message = receive(shard_.channel.get())) {
    if (message->kind == Kind::kAnswer) return message->code != 0;
    // A stop that is reported meanwhile is part of the answer to that question, and waits for any other.
    if (message->kind != Kind::kStopped) {
      on_message(*message);
    } else if (question != Kind::kAskStopped) {
      stop_to_mirror_ = message->code;
    }
  }
  return false;
}

void Supervisor::on_command_ended(int wait_status) {
  command_running_ = false;
  command_ended_at_ = sys::Clock::now();
  outcome_.term_signal = WIFSIGNALED(wait_status) ? WTERMSIG(wait_status) : 0;
  outcome_.exit_status = WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 0;
}

void Supervisor::on_message(const Message& message) {
  switch (message.kind) {
    case Kind::kStopped:
      on_command_stopped(message.code);
      break;
    case Kind::kCommandEnded:
      on_command_ended(message.code);
      if (hooks_.stopping) hooks_.stopping();
      break;
    case Kind::kLeak:
      outcome_.leaks.push_back(unpack_leak(message.payload));
      break;
    case Kind::kFinished:
      if (command_running_) on_command_ended(message.code);
      outcome_.leak_count = static_cast<std::size_t>(message.detail);
      finished_ = true;
      break;
    default:
      throw_failure(plan_, message);
  }
}

/// False where init is gone.
bool Supervisor::read_messages() {
  auto message = receive(shard_.channel.get());
  if (!message) return false;
  do on_message(*message);
  while ((message = receive(shard_.channel.get(), false)));
  return true;
}

void Supervisor::on_ancestor_ended() {
  ancestors_.clear();
  const bool already = end_under_way_;
  say("a process that nslaunch was started by has ended: ending the shard");
  begin_end(EndCause::kAncestor);
  if (!already) tell(Kind::kForward, SIGTERM);
}

void Supervisor::on_timeout() {
  timeout_.reset();
  if (command_running_) {
    outcome_.cause = EndCause::kTimeout;
    say(fmt::format("the command ran longer than {}: sending it SIGTERM, and SIGKILL in {}",
                    sys::format_duration(*plan_.spec.timeout), sys::format_duration(plan_.spec.grace)));
    tell(Kind::kForward, SIGTERM);
  }
  begin_end(EndCause::kTimeout);
}

void Supervisor::on_grace_expired() {
  grace_.reset();
  outcome_.grace_expired = command_running_;
  say(fmt::format("{} did not end within {}: killing it",
                  command_running_ ? "the command" : "what the command left running",
                  sys::format_duration(plan_.spec.grace)));
  tell(Kind::kKillCommand);
  // Init names what else is there and ends; should it be stuck, its end is ours to bring about.
  hard_limit_.emplace(milliseconds{1000});
}

void Supervisor::on_deadline() {
  if (timeout_ && timeout_->passed()) on_timeout();
  if (grace_ && grace_->passed()) on_grace_expired();
  if (hard_limit_ && hard_limit_->passed()) {
    shard_.init.send_signal(SIGKILL);
    hard_limit_.reset();
    finished_ = true;
  }
}

void Supervisor::wait_for_something() {
  std::vector<pollfd> watched = {
      {shard_.init.get(), POLLIN, 0}, {shard_.channel.get(), POLLIN, 0}, {signals_.get(), POLLIN, 0}};
  for (const auto& ancestor : ancestors_) watched.push_back({ancestor.get(), POLLIN, 0});
  int timeout = -1;
  for (const auto* deadline : {&timeout_, &grace_, &hard_limit_}) {
    if (!*deadline) continue;
    const int left = (*deadline)->poll_timeout();
    timeout = timeout < 0 ? left : std::min(timeout, left);
  }
  if (::poll(watched.data(), watched.size(), timeout) < 0) return;
  if (watched[2].revents != 0) {
    while (const auto info = sys::read_signal(signals_.get())) on_signal(*info);
  }
  if (const int stop = std::exchange(stop_to_mirror_, 0); stop != 0) on_command_stopped(stop);
  if (watched[1].revents != 0 && !read_messages()) finished_ = true;
  if (watched[0].revents != 0) init_gone_ = true;
  const auto ended = [](const pollfd& ancestor) { return ancestor.revents != 0; };
  if (std::any_of(watched.begin() + 3, watched.end(), ended)) on_ancestor_ended();
  on_deadline();
}

/// What init said before it went is still in the channel.
void Supervisor::hear_last_words() {
  while (const auto message = receive(shard_.channel.get(), false)) {
    if (message->kind != Kind::kStopped) on_message(*message);
  }
}

Error init_was_killed(const Outcome& outcome, int signal) {
  constexpr auto kCause = "Somebody outside sent it, or the machine ran out of memory (see dmesg). {}";
  if (outcome.all_gone) {
    return {{},
            fmt::format("the shard's init was killed while the command ran ({})", sys::signal_name(signal)),
            fmt::format(kCause, "Every process of the shard is gone.")};
  }
  return {{},
          fmt::format(
              "the shard's init was killed while the command ran, and the shard has not ended within 5 s: {}",
              sys::escape(outcome.culprit)),
          fmt::format(kCause, "Its record stays until it has: nslaunch list, nslaunch reap")};
}

Outcome Supervisor::finish() {
  outcome_.all_gone = init_gone_ || shard_.init.wait_for_end(kTeardownLimit);
  const auto now = sys::Clock::now();
  say_the_rest();
  siginfo_t end = {};
  if (outcome_.all_gone) {
    hear_last_words();
    end = shard_.reap();
  } else {
    outcome_.culprit = inspect::who_holds_up(shard_.init_pid, shard_.pid_namespace);
    shard_.init_pid = -1;  // reaping it would wait for the culprit
    if (hooks_.held_up) hooks_.held_up();
  }
  if (command_running_) {
    command_ended_at_ = now;
    if (outcome_.cause != EndCause::kInterrupts && !outcome_.grace_expired) {
      throw init_was_killed(outcome_, end.si_status);
    }
    // So that a shell's loop around us stops, as on any Ctrl-C.
    outcome_.term_signal = outcome_.cause == EndCause::kInterrupts ? SIGINT : SIGKILL;
  }
  outcome_.duration = duration_cast<microseconds>(command_ended_at_ - shard_.started_at);
  outcome_.teardown = duration_cast<microseconds>(now - command_ended_at_);
  return std::move(outcome_);
}

Outcome Supervisor::run() {
  release_callers_descriptors();
  while (!finished_ && !init_gone_) wait_for_something();
  return finish();
}

}  // namespace

sys::SignalSet handled_signals(const Plan& plan) {
  sys::SignalSet handled;
  for (int signal = 1; signal < NSIG; ++signal) {
    if (!plan.caller_signals.ignored.contains(signal)) handled.add(signal);
  }
  handled.remove(SIGCHLD);
  if (plan.own_process_group) return handled;
  for (const int signal : {SIGTSTP, SIGTTIN, SIGTTOU, SIGCONT}) handled.remove(signal);
  return handled;
}

Outcome supervise(const Plan& plan, RunningShard shard, const Hooks& hooks, sys::Fd signals) {
  return Supervisor(plan, std::move(shard), hooks, std::move(signals)).run();
}

}  // namespace nslaunch::shard
