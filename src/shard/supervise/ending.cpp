#include "shard/supervise/ending.hpp"

#include <sys/wait.h>

#include <algorithm>
#include <csignal>
#include <utility>

#include "sys/base/check.hpp"
#include "sys/base/values.hpp"
#include "sys/base/waiting.hpp"

namespace nslaunch::shard {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kInterruptWindow{3000};
constexpr std::size_t kInterruptsThatKill = 3;
/// For init to report what is left and end; if it is stuck, we end it.
constexpr milliseconds kInitsOwnEnd{1000};
/// For init's look at what the command has left running, after the leak grace: processes that block it may
/// cost it 3 s (inspect/snapshot/processes). Then the same time again for an answer.
constexpr milliseconds kInitsLook{4000};
/// If a busy machine delays it.
constexpr milliseconds kSlowInitsAccount{60'000};

}  // namespace

Ending::Ending(const Plan& plan, const RunningShard& shard, Peer& peer, Announcer& announcer,
               const Hooks& hooks, std::optional<OutputWatch> output, sys::Loop& loop)
    : plan_(plan),
      peer_(peer),
      shard_(shard),
      announcer_(announcer),
      hooks_(hooks),
      hold_(plan, shard, peer, announcer, hooks),
      loop_(loop),
      last_wait_(
          shard.init_pid, peer,
          {.look = plan.spec.leak_grace + kInitsLook, .answer = kInitsLook, .most = kSlowInitsAccount}) {
  if (plan.spec.timeout) timeout_.emplace(shard.began_at + *plan.spec.timeout);
  if (output) {
    silence_.emplace(*plan.spec.silence, std::move(*output), shard.init_pid, shard.started_at);
  } else if (plan.spec.silence) {
    quiet_.emplace(shard.started_at + *plan.spec.silence);
  }
}

/// Also limits the time of what the command has left running, if it has ended already or ends meanwhile: a
/// long leak grace, or a pipeline's tail with much to write.
void Ending::begin(EndCause cause) {
  if (command_running_ && cause_ == EndCause::kNone) cause_ = cause;
  command_knows_ = true;
  told_by_somebody_ |= !is_hang(cause);
  hold_.let_go();
  if (hang_reporter_) hang_reporter_->show();
  end_hang_report();
  dump_.reset();
  if (grace_ || hard_limit_) return;
  hooks_.log("is to end ({}): the grace begins", to_string(cause));
  grace_.emplace(plan_.spec.grace);
  if (command_running_ && hooks_.stopping) hooks_.stopping();
}

void Ending::end(EndCause cause) {
  const bool knew = command_knows_;
  begin(cause);
  if (!knew) peer_.send(Kind::kForward, SIGTERM);
}

void Ending::kill(EndCause cause) {
  hooks_.log("is ended at once ({})", to_string(cause));
  if (command_running_) cause_ = cause;
  hold_.let_go();
  if (hang_reporter_) announcer_.announce("the look at the command that hangs is given up");
  end_hang_report();
  hard_limit_.emplace(milliseconds{0});
}

void Ending::on_output() noexcept {
  if (quiet_) quiet_.emplace(*plan_.spec.silence);
}

void Ending::on_signal(int signal) {
  hooks_.log("got {}", sys::signal_name(signal));
  signals_seen_.add(signal);
  if (signal != SIGINT && signal != SIGTERM && signal != SIGHUP && signal != SIGQUIT) return;
  hold_.let_go();
  // What is still waited for is what the command has left running, not the command.
  if (command_running_ || grace_ || hard_limit_) return;
  hooks_.log("a signal begins the grace for what the command has left running");
  grace_.emplace(plan_.spec.grace);
}

void Ending::on_held(const Message& message) {
  const bool passed = message.code == 0 && !is_hang(cause_);
  const bool sent = WIFSIGNALED(message.code) && signals_seen_.contains(WTERMSIG(message.code));
  if (passed || told_by_somebody_ || sent) return hold_.decline();
  if (!hold_.begin(message, cause_)) return;
  grace_.reset();
  hard_limit_.reset();
}

void Ending::on_interrupt() {
  command_knows_ = true;
  told_by_somebody_ = true;
  const auto now = sys::Clock::now();
  interrupts_.push_back(now);
  while (now - interrupts_.front() > kInterruptWindow) interrupts_.pop_front();
  if (interrupts_.size() < kInterruptsThatKill || hard_limit_) return;
  announcer_.announce("interrupted three times within 3 s: killing the shard");
  kill(EndCause::kInterrupts);
}

void Ending::on_ancestor_ended() {
  announcer_.announce("a process that nslaunch was started by has ended: ending the shard");
  end(EndCause::kAncestor);
}

void Ending::on_command_ended() {
  command_running_ = false;
  silence_.reset();
  quiet_.reset();
  dump_.reset();
  if (hang_reporter_) begin(cause_);
}

void Ending::on_timeout() {
  timeout_.reset();
  on_hang(EndCause::kTimeout,
          fmt::format("the command ran longer than {}", sys::format_duration(*plan_.spec.timeout)));
}

void Ending::on_silence() {
  silence_.reset();
  quiet_.reset();
  on_hang(EndCause::kSilence,
          fmt::format("the command wrote nothing for {}", sys::format_duration(*plan_.spec.silence)));
}

void Ending::on_hang(EndCause cause, const std::string& why) {
  if (hang_reporter_ || dump_ || grace_ || hard_limit_)
    return;  // an end under way is not changed, and signals once
  if (!command_running_) return begin(cause);
  cause_ = cause;
  hang_reporter_.emplace(plan_, shard_.init_pid, why, hooks_, announcer_);
  hang_report_watch_ = loop_.watch(hang_reporter_->fd(), POLLIN, [](short) {});  // keep_deadlines() checks it
}

void Ending::after_hang_report() {
  hang_reporter_->show();
  const bool needs_time = hang_reporter_->ask_for_dumps();
  end_hang_report();
  if (needs_time) {
    dump_.emplace(plan_.spec.dump_grace);
  } else {
    end_hung_command();
  }
}

void Ending::end_hang_report() noexcept {
  hang_report_watch_.end();
  hang_reporter_.reset();
}

void Ending::end_hung_command() {
  announcer_.announce(
      fmt::format("sending the command SIGTERM, and SIGKILL in {}", sys::format_duration(plan_.spec.grace)));
  peer_.send(Kind::kForward, SIGTERM);
  begin(cause_);
}

void Ending::on_grace_expired() {
  grace_.reset();
  grace_expired_ = command_running_;
  announcer_.announce(fmt::format("{} did not end within {}: killing it",
                                  command_running_ ? "the command" : "what the command left running",
                                  sys::format_duration(plan_.spec.grace)));
  peer_.send(Kind::kKillCommand);
  hard_limit_.emplace(kInitsOwnEnd);
}

void Ending::postpone(sys::Clock::duration pause) noexcept {
  if (timeout_) timeout_->postpone(pause);
  if (silence_) silence_->postpone(pause);
  if (quiet_) quiet_->postpone(pause);
  if (dump_) dump_->postpone(pause);
  if (grace_) grace_->postpone(pause);
  last_wait_.postpone(pause);
  hold_.postpone(pause);
}

int Ending::poll_timeout() const noexcept {
  if (hold_.lasts()) return hold_.poll_timeout();
  int timeout = -1;
  const auto regard = [&](const sys::Deadline& deadline) {
    const int left = deadline.poll_timeout();
    timeout = timeout < 0 ? left : std::min(timeout, left);
  };
  if (silence_) regard(silence_->next_look());
  if (hang_reporter_) timeout = sys::earlier(timeout, hang_reporter_->poll_timeout());
  for (const auto* deadline : {&timeout_, &quiet_, &dump_, &grace_, &hard_limit_, &last_wait_.deadline()}) {
    if (*deadline) regard(**deadline);
  }
  return timeout;
}

bool Ending::keep_deadlines() {
  hold_.keep_deadline();
  if (hold_.lasts()) return true;
  if (!command_running_) last_wait_.begin();
  if (timeout_ && timeout_->passed()) on_timeout();
  if (silence_ && silence_->broken(announcer_)) on_silence();
  if (quiet_ && quiet_->passed()) on_silence();
  if (hang_reporter_ && hang_reporter_->is_over()) after_hang_report();
  if (dump_ && dump_->passed()) end_hung_command();
  if (grace_ && grace_->passed()) on_grace_expired();
  last_wait_.keep_deadline();
  if (!hard_limit_ || !hard_limit_->passed()) return true;
  hooks_.log("init is killed");
  shard_.init.send_signal(SIGKILL);
  return false;
}

}  // namespace nslaunch::shard
