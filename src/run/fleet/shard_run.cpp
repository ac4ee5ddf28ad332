#include "run/fleet/shard_run.hpp"

#include <fcntl.h>
#include <nslaunch/error.hpp>
#include <nslaunch/exit_codes.hpp>

#include <algorithm>
#include <utility>

#include "run/part/status.hpp"
#include "shard/diagnose/explain.hpp"
#include "shard/plan/hidden.hpp"
#include "shard/plan/make_plan.hpp"
#include "sys/base/check.hpp"

namespace nslaunch::run {
namespace {

std::int64_t milliseconds_since_epoch() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

}  // namespace

ShardRun::ShardRun(const ShardSpec& spec, const Shared& shared, std::vector<unsigned> processors,
                   ShardOutput& output, const Messages& messages, sys::Loop& loop)
    : messages_(messages), output_(output), loop_(loop) {
  attempt_.started_at = milliseconds_since_epoch();
  attempt_.id = spec.id;
  try {
    prepare(spec, shared);
    plan_.processors = std::move(processors);
    launch(shared);
  } catch (const UsageError& error) {
    usage_error_ = std::current_exception();
    fail(error);
  } catch (const std::exception& error) {
    fail(error);
  }
}

void ShardRun::prepare(const ShardSpec& spec, const Shared& shared) {
  plan_ = shard::make_plan(spec, leftovers_.hook());
  if (plan_.artifacts) output_.keep_in(plan_.artifacts, plan_.spec);
  plan_.own_process_group = true;
  plan_.caller_signals = shared.signals;
  plan_.descriptor_limit = shared.descriptor_limit;
  plan_.settings = shared.settings;
  plan_.outside_handles = shared.outside_handles;
  plan_.stdin_pipe = 0;
  listen(plan_, messages_);
  plan_.streams = output_.open(loop_);
  const int null = ::fcntl(shared.null.get(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  plan_.streams.emplace(plan_.streams.begin(), sys::check(null, "giving a shard its standard input"));
}

void ShardRun::launch(const Shared& shared) {
  forwarding_.emplace(plan_.spec);
  for (const auto& line : forwarding_->chosen_ports()) messages_.note(line);
  const auto& spec = plan_.spec;
  if (!spec.capture.file.empty()) {
    capture_.emplace(spec.capture, messages_.warning, leftovers_.hook(),
                     shared.capture_directory ? &*shared.capture_directory : nullptr);
    plan_.capture_file = capture_->fd();
  }
  recorder_.emplace(plan_, messages_);
  hooks_ = recorder_->hooks();
  hooks_.last_output = [this] { return output_.tail(); };
  launching_.emplace(plan_, hooks_);
  launching_watch_ = loop_.watch(launching_->fd(), POLLIN, [this](short) { launching_is_due_ = true; });
  leave_to_init();
}

/// Drops what init has. Our streams, and copies in the next shard's init, would keep the readers waiting.
void ShardRun::leave_to_init() {
  if (!launching_->has_init()) return;
  plan_.places = {};
  plan_.streams.clear();
}

void ShardRun::go_on_launching() {
  const bool has_started = launching_->handle_events();
  leave_to_init();
  if (has_started) launched();
}

void ShardRun::launched() {
  attempt_.started = true;
  if (capture_) capture_->command_started();
  attempt_.outcome.setup = std::chrono::duration_cast<std::chrono::microseconds>(sys::Clock::now() - began_);
  supervised_.emplace(plan_, launching_->take(), std::nullopt, hooks_, *forwarding_, loop_);
  end_launch();
  for (const int signal : std::exchange(unsent_, {})) forward(signal);
  if (end_when_launched_) supervised_->ending().end(*end_when_launched_);
}

void ShardRun::end_launch() noexcept {
  launching_watch_.end();
  launching_.reset();
}

pid_t ShardRun::init_pid() const noexcept {
  if (launching_) return launching_->init_pid();
  return supervised_ ? supervised_->init_pid() : 0;
}

void ShardRun::fail(const std::exception& error) {
  const auto* command_error = dynamic_cast<const CommandError*>(&error);
  attempt_.error = error.what();
  attempt_.exit_status = command_error != nullptr ? command_error->exit_status() : kOwnFailure;
  attempt_.status = command_error != nullptr ? Status::kFail : Status::kError;
  end_launch();
  supervised_.reset();
  over_ = true;
}

int ShardRun::poll_timeout() const {
  if (launching_ && launch_limit_) return std::min(launch_limit_->poll_timeout(), launching_->poll_timeout());
  if (launching_) return launching_->poll_timeout();
  return supervised_ ? supervised_->poll_timeout() : -1;
}

void ShardRun::handle_events() {
  bool wrote = output_.handle_events();
  // Other shards may have taken long since the loop's last turn.
  if (plan_.spec.silence && !wrote) wrote = output_.take_what_is_there();
  const bool news_of_launch = std::exchange(launching_is_due_, false);
  try {
    if (supervised_) {
      if (wrote || output_.is_held_back()) supervised_->ending().on_output();
      supervised_->handle_events();
      supervised_->keep_deadlines();
      over_ = supervised_->is_over();
    } else if (launching_ && (news_of_launch || launching_->poll_timeout() == 0)) {
      go_on_launching();
    }
    if (launching_ && launch_limit_ && launch_limit_->passed()) give_up_launch();
  } catch (const std::exception& error) {
    fail(error);
  }
}

Attempt ShardRun::finish() {
  try {
    if (supervised_) {
      const auto setup = attempt_.outcome.setup;
      attempt_.outcome = supervised_->finish();
      attempt_.outcome.setup = setup;
      attempt_.exit_status = exit_status(attempt_.outcome, plan_.spec);
      attempt_.status = status_of(attempt_.outcome, plan_.spec);
      if (capture_ && attempt_.exit_status == 0) capture_->command_succeeded();
      if (attempt_.outcome.exit_status != 0) attempt_.hint = shard::hint_on_hidden_argument(plan_);
      if (attempt_.outcome.pids_limit_reached)
        attempt_.hint = fmt::format("It has reached its --pids {}: processes could not be started.",
                                    plan_.spec.pids_limit);
    }
  } catch (const shard::KilledInit& error) {
    attempt_.outcome.duration =
        std::chrono::duration_cast<std::chrono::microseconds>(sys::Clock::now() - began_) -
        attempt_.outcome.setup;
    attempt_.error = error.what();
    attempt_.exit_status = status_of_signal(error.signal());
    attempt_.status = Status::kKilled;
  } catch (const std::exception& error) {
    fail(error);
  }
  output_.finish();
  return std::move(attempt_);
}

/// A command that has just started is asked to end like any other, even if its start is not reported yet.
void ShardRun::end(EndCause cause) {
  if (supervised_) return supervised_->ending().end(cause);
  end_when_launched_ = cause;
  launch_limit_.emplace(plan_.spec.grace);
}

void ShardRun::kill(EndCause cause) {
  if (supervised_) return supervised_->ending().kill(cause);
  give_up_launch();
}

void ShardRun::give_up_launch() {
  end_launch();
  over_ = true;
}

void ShardRun::forward(int signal) {
  if (launching_) unsent_.push_back(signal);
  if (!supervised_) return;
  supervised_->ending().on_signal(signal);
  if (signal == SIGTERM) return supervised_->ending().end(EndCause::kTerminated);
  supervised_->peer().send(shard::Kind::kForward, signal);
}

void ShardRun::postpone(sys::Clock::duration pause) noexcept {
  if (supervised_) supervised_->ending().postpone(pause);
  if (launching_) launching_->postpone(pause);
  if (launch_limit_) launch_limit_->postpone(pause);
}

}  // namespace nslaunch::run
