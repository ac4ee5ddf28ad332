#include "shard/supervise/supervised_shard.hpp"

#include <sys/wait.h>

#include <csignal>
#include <utility>

#include "inspect/hang/standstill.hpp"
#include "shard/diagnose/explain.hpp"
#include "shard/wire/usage.hpp"
#include "sys/base/check.hpp"
#include "sys/base/waiting.hpp"
#include "sys/process/procfs.hpp"

namespace nslaunch::shard {

using std::chrono::duration_cast;
using std::chrono::microseconds;
using std::chrono::milliseconds;

namespace {

/// Many more than init reports.
constexpr std::size_t kMostLeaks = 1024;
constexpr int kMostMessages = 8192;

template <typename Value>
Value understood(std::optional<Value> value) {
  if (!value) throw explain_nonsense();
  return std::move(*value);
}

}  // namespace

SupervisedShard::SupervisedShard(const Plan& plan, RunningShard shard, std::optional<OutputWatch> output,
                                 const Hooks& hooks, Forwarding& forwarding, sys::Loop& loop)
    : plan_(plan),
      shard_(std::move(shard)),
      hooks_(hooks),
      peer_(shard_.channel.get(), loop, hooks.log),
      announcer_(hooks.warning, hooks.log),
      ending_(plan, shard_, peer_, announcer_, hooks, std::move(output), loop),
      forwarding_(forwarding),
      oom_kills_before_(sys::oom_kills()) {
  forwarding_.begin(shard_, [this](std::string line) { announcer_.announce(std::move(line)); });
  outcome_.isolation = shard_.isolation;
  outcome_.leaks_unknown = true;  // until init has reported them
  init_watch_ = loop.watch(shard_.init.get(), POLLIN, [this](short) { init_gone_ = true; });
  channel_watch_ =
      loop.watch(shard_.channel.get(), POLLIN, [this](short events) { channel_events_ = events; });
  forwarding_watch_ = loop.watch(forwarding_.fd(), POLLIN, [this](short) { forwarding_is_due_ = true; });
}

std::vector<int> SupervisedShard::descriptors() const {
  std::vector<int> all{shard_.init.get(), shard_.channel.get()};
  const auto also = [&](const std::vector<int>& more) { all.insert(all.end(), more.begin(), more.end()); };
  also(forwarding_.descriptors());
  also(ending_.descriptors());
  also(plan_.descriptors());
  if (hooks_.descriptors) also(hooks_.descriptors());
  return all;
}

void SupervisedShard::on_command_ended(int wait_status) {
  command_running_ = false;
  ending_.on_command_ended();
  command_ended_at_ = sys::Clock::now();
  outcome_.term_signal = WIFSIGNALED(wait_status) ? WTERMSIG(wait_status) : 0;
  outcome_.exit_status = WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 0;
  const bool killed_by_others = outcome_.term_signal == SIGKILL && ending_.cause() == EndCause::kNone;
  outcome_.out_of_memory = killed_by_others && sys::oom_kills() > oom_kills_before_;
}

void SupervisedShard::on_message(const Message& message) {
  switch (message.kind) {
    case Kind::kStopped:
      if (stopped) stopped(message.code);
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
      if (outcome_.leaks.size() >= kMostLeaks) throw explain_nonsense();
      outcome_.leaks.push_back(understood(unpack_leak(message.payload)));
      outcome_.leak_count = outcome_.leaks.size();
      break;
    case Kind::kCaptured:
      outcome_.capture = understood(unpack_capture(message.payload));
      break;
    case Kind::kFinished:
      if (command_running_) on_command_ended(message.code);
      outcome_.leaks_unknown = message.detail == kUnknownLeaks;
      if (!outcome_.leaks_unknown) outcome_.leak_count = static_cast<std::size_t>(message.detail);
      take_unreaped(message.payload, outcome_);
      set_finished();
      break;
    case Kind::kAnswer:  // to a question that was given up, or that only asked for a sign of life
    case Kind::kLog:
      break;
    default:
      throw_failure(plan_, message);
  }
}

void SupervisedShard::set_finished() {
  if (std::exchange(finished_, true)) return;
  end_limit_.emplace(kTeardownLimit);
  channel_watch_.end();
}

int SupervisedShard::poll_timeout() const {
  if (end_limit_) return end_limit_->poll_timeout();
  if (forwarding_.busy()) return 0;
  return sys::earlier(ending_.poll_timeout(), peer_.poll_timeout());
}

/// Endless messages must not block the rest.
void SupervisedShard::receive_messages() {
  for (int received = 0; received < kMostMessages; ++received) {
    const auto message = peer_.next();
    if (!message) return;
    on_message(*message);
  }
}

void SupervisedShard::handle_events() {
  if (std::exchange(forwarding_is_due_, false) || forwarding_.busy()) forwarding_.handle_events();
  const auto events = std::exchange(channel_events_, short{0});
  // Messages that have arrived meanwhile are not late: the loop's owner may have been delayed.
  if (events != 0 || peer_.has_news() || poll_timeout() == 0) receive_messages();
  if ((events & POLLHUP) != 0) set_finished();
}

void SupervisedShard::keep_deadlines() {
  if (!finished_ && !ending_.keep_deadlines()) set_finished();
  if (!ended() && peer_.fell_silent()) on_silence_of_init();
}

void SupervisedShard::on_silence_of_init() {
  if (ending_.last_wait().is_asking()) {
    const auto why = ending_.last_wait().lost();
    if (!why) return;
    announcer_.announce(explain_stuck_init(*why, plan_.spec.leaks));
    shard_.init.send_signal(SIGKILL);
    return set_finished();
  }
  const auto standstill = inspect::reason_for_silence(shard_.init_pid);
  if (!standstill) return;  // it is merely slow
  announcer_.announce(
      fmt::format("the shard's init does not answer: {}\n{}", standstill->what, standstill->remedy));
}

/// What init sent before it ended is still in the channel.
void SupervisedShard::receive_last_messages() {
  while (const auto message = peer_.next()) {
    if (message->kind == Kind::kHeld) {
      on_command_ended(message->code);  // there is nothing to hold any more
    } else if (message->kind != Kind::kStopped) {
      on_message(*message);
    }
  }
}

Outcome SupervisedShard::finish() {
  forwarding_.end();
  rusage used = {};
  const auto limit = milliseconds(end_limit_ ? end_limit_->poll_timeout() : kTeardownLimit.count());
  const auto end = shard_.wait_for_end(outcome_.teardown_blocker, &used, limit);
  const auto now = sys::Clock::now();
  outcome_.all_gone = end.has_value();
  announcer_.announce_the_rest();
  if (end) receive_last_messages();
  hooks_.log("{}",
             end ? "all processes are gone" : "there are processes still: " + outcome_.teardown_blocker);
  if (end && outcome_.usage) add(used, *outcome_.usage);
  outcome_.cause = ending_.cause();
  outcome_.grace_expired = ending_.grace_expired();
  outcome_.pids_limit_reached = plan_.cgroup.ran_out_of_pids();
  outcome_.memory_limit_reached = plan_.cgroup.ran_out_of_memory();
  outcome_.out_of_memory |= outcome_.memory_limit_reached;
  if (end && end->si_code == CLD_EXITED && end->si_status != 0) throw explain_failed_init(end->si_status);
  if (command_running_) {
    command_ended_at_ = now;
    const bool killed_by_us = outcome_.cause == EndCause::kInterrupts || outcome_.cause == EndCause::kKilled;
    if (!outcome_.memory_limit_reached && !killed_by_us && !outcome_.grace_expired) {
      // waitid(2) has failed, so the reason is unknown.
      if (end && end->si_code == 0) throw Error({}, "the shard's init ended while the command ran");
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

}  // namespace nslaunch::shard
