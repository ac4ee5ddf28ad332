#include "shard/launcher/launch.hpp"

#include <unistd.h>

#include <algorithm>
#include <csignal>

#include "shard/diagnose/causes.hpp"
#include "shard/diagnose/explain.hpp"
#include "shard/launcher/ending_signals.hpp"
#include "shard/wire/fault.hpp"
#include "sys/base/check.hpp"
#include "sys/base/signals.hpp"
#include "sys/base/text.hpp"
#include "sys/base/waiting.hpp"

namespace nslaunch::shard {
namespace {

void notify(const Hooks& hooks, const Message& result) {
  if (hooks.received) hooks.received(result);
}

void notify_of_own(const Hooks& hooks, const Message& result) {
  hooks.log("{}", describe(result));
  notify(hooks, result);
}

Error ended_early(RunningShard& shard, const Hooks& hooks) {
  std::string how;
  int signal = 0;
  if (const auto end = shard.wait_for_end(how)) {
    const bool exited = end->si_code == CLD_EXITED;
    if (exited && end->si_status != 0) return explain_failed_init(end->si_status);
    if (!exited) signal = end->si_status;
    how = fmt::format("{} {}", exited ? "status" : "signal", end->si_status);
  }
  notify(hooks, {.kind = Kind::kNote, .code = signal, .payload = {}});
  return Error({}, fmt::format("the shard's init ended before the command started ({})", sys::escape(how)),
               as_advice(cause_of_death(signal, read_evidence())));
}

/// Reads what init sent before it ended: the reason, perhaps.
void receive_last_messages(const Plan& plan, RunningShard& shard, const Hooks& hooks) {
  while (const auto message = receive(shard.channel.get(), false, &shard.reach_listeners)) {
    hooks.log.received(*message);
    if (message->kind != Kind::kFailed) continue;
    notify(hooks, *message);
    throw_failure(plan, *message);
  }
}

/// A failure of one of the launcher's own steps is explained like one of init's, unless it failed because
/// init has ended.
template <typename Work>
void attempt(const Plan& plan, const Hooks& hooks, Step which, std::optional<RunningShard>& shard,
             Work&& work) {
  try {
    fault_point(which);
    work();
  } catch (const Error& error) {
    if (shard && shard->init.wait_for_end(std::chrono::milliseconds{50})) {
      receive_last_messages(plan, *shard, hooks);
      throw ended_early(*shard, hooks);
    }
    const Message failure{.kind = Kind::kFailed, .step = which, .code = error.code().value(), .payload = {}};
    notify_of_own(hooks, failure);
    throw explain(plan, failure);
  }
}

template <typename Work>
void step(const Plan& plan, const Hooks& hooks, Step which, std::optional<RunningShard>& shard, Work&& work) {
  attempt(plan, hooks, which, shard, work);
  notify_of_own(hooks, {.kind = Kind::kDone, .step = which, .payload = {}});
}

/// The next message. Empty if none has arrived yet; throws if init died without a message.
std::optional<Message> receive_message(RunningShard& shard, const Hooks& hooks) {
  auto message = receive(shard.channel.get(), false, &shard.reach_listeners);
  if (message) hooks.log.received(*message);
  if (message || errno == EAGAIN) return message;
  if (errno == 0 || errno == ECONNRESET) throw ended_early(shard, hooks);
  if (errno == EPROTO || errno == EMSGSIZE) throw explain_nonsense();
  throw Error(sys::errno_code(errno), "hearing the shard's init");
}

void send_to_init(const RunningShard& shard, const Hooks& hooks, const Message& message,
                  std::span<const int> descriptors = {}) {
  hooks.log.sent(message);
  sys::check(send(shard.channel.get(), message, descriptors) ? 0 : -1, "telling init");
}

void wait_for_something(const Launching& launching, EndingSignals& signals) {
  const int from_init = launching.fd();
  const int cancel = signals.cancel();
  const auto readable = sys::wait_for_any({from_init, signals.fd(), cancel},
                                          sys::earlier(launching.poll_timeout(), signals.poll_timeout()));
  if (readable.error != 0) throw Error(sys::errno_code(readable.error), "waiting for the shard's init");
  if (readable.has(cancel) || readable.has(signals.fd()))
    signals.look(launching.command_may_run(), readable.has(cancel));
  if (!readable.has(from_init)) signals.keep_deadline();
}

void trace(const Hooks& hooks, const std::string& line) {
  hooks.log("{}", line);
  if (hooks.trace) hooks.trace(line);
}

}  // namespace

std::chrono::milliseconds launch_limit(const ShardSpec& spec) noexcept {
  using std::chrono::milliseconds;
  constexpr milliseconds kUsual{10000};
  return std::clamp<milliseconds>(spec.timeout.value_or(kUsual), milliseconds{2000}, kUsual);
}

Launching::Launching(const Plan& plan, const Hooks& hooks)
    : plan_(plan), hooks_(hooks), limit_(launch_limit(plan.spec)) {
  trace(hooks, explain_privilege_mode(plan.privilege_mode));
  attempt(plan, hooks, Step::kClone, shard_, [&] { birth_.emplace(plan); });
  fd_ = birth_->channel();
  try_to_clone();
}

void Launching::try_to_clone() {
  attempt(plan_, hooks_, Step::kClone, shard_, [this] {
    if (auto shard = birth_->try_now(hooks_)) shard_.emplace(std::move(*shard));
  });
  if (!shard_) return;
  birth_.reset();
  notify_of_own(hooks_, {.kind = Kind::kDone, .step = Step::kClone, .payload = {}});
  hooks_.log("init is pid {}", shard_->init_pid);
  build();
}

/// The launcher's own steps, while init ties itself to the launcher and mounts.
void Launching::build() {
  step(plan_, hooks_, Step::kMapIds, shard_, [&] {
    if (plan_.privilege_mode != PrivilegeMode::kRootless) return;
    ns::write_id_maps(shard_->init_pid, plan_.id_map);
    send_to_init(*shard_, hooks_, {.kind = Kind::kMapped, .payload = {}});
  });
  step(plan_, hooks_, Step::kRecord, shard_, [&] {
    if (hooks_.created) control_ = hooks_.created(shard_->init_pid, shard_->init);
  });
  step(plan_, hooks_, Step::kCgroup, shard_, [&] {
    if (plan_.cgroup) plan_.cgroup.add(shard_->init_pid);
  });
  step(plan_, hooks_, Step::kSettings, shard_,
       [&] { settings_ = plan_.settings ? *plan_.settings : ns::changed_sysctls(); });
}

int Launching::poll_timeout() const noexcept {
  return birth_ ? birth_->next_try().poll_timeout() : limit_.poll_timeout();
}

bool Launching::handle_events() {
  if (birth_) {
    if (birth_->next_try().passed()) try_to_clone();
    return false;
  }
  const auto message = receive_message(*shard_, hooks_);
  if (!message && limit_.passed()) throw explain_slow_launch(launch_limit(plan_.spec));
  if (!message) return false;
  if (tied_) return follow(*message);
  if (message->kind == Kind::kLog) return false;
  if (message->kind != Kind::kTied) fail(*message);
  notify(hooks_, {.kind = Kind::kDone, .step = Step::kTie, .payload = {}});
  tied_ = true;
  go();
  return false;
}

/// From here on the shard dies with the launcher, and it is recorded. Init waits for this before it starts
/// the command.
void Launching::go() {
  step(plan_, hooks_, Step::kGo, shard_, [&] {
    const int number = control_.get();
    send_to_init(*shard_, hooks_, {.kind = Kind::kGo, .payload = pack(settings_)},
                 {&number, control_ ? 1U : 0U});
  });
  control_.reset();
}

/// False: the command has not started yet.
bool Launching::follow(const Message& message) {
  switch (message.kind) {
    case Kind::kDone:
      notify(hooks_, message);
      if (hooks_.trace) hooks_.trace(fmt::format("{:<14} {:>6} µs", row(message.step).name, message.code));
      return false;
    case Kind::kMissing:
      notify(hooks_, message);
      if (hooks_.warning) hooks_.warning(explain_missing(message));
      return false;
    case Kind::kNote:
      if (hooks_.trace) hooks_.trace(sys::escape(message.payload));
      return false;
    case Kind::kListener:
    case Kind::kLog:
      return false;
    case Kind::kStarted:
      command_started(message);
      return true;
    default:
      fail(message);
  }
}

void Launching::fail(const Message& message) {
  if (message.kind == Kind::kFailed) notify(hooks_, message);
  throw_failure(plan_, message);
}

void Launching::command_started(const Message& message) {
  shard_->isolation = message.payload;
  if (shard_->reach_listeners.size() < plan_.spec.reach.size()) {
    throw Error(sys::errno_code(EMFILE), "taking over what listens for --reach");
  }
  shard_->started_at = sys::Clock::now();
  shard_->note_pid_namespace();
  if (hooks_.running) hooks_.running(shard_->isolation);
}

RunningShard launch(const Plan& plan, const Hooks& hooks, int callers_signals) try {
  Launching launching(plan, hooks);
  EndingSignals signals(callers_signals, plan.cancel);
  do wait_for_something(launching, signals);
  while (!launching.handle_events());
  return launching.take();
} catch (...) {
  // Signals kept for the command must not end us before we have reported why there is none.
  sys::discard_signals(callers_signals);
  throw;
}

}  // namespace nslaunch::shard
