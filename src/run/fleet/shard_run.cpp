#include "run/fleet/shard_run.hpp"

#include <fcntl.h>
#include <nslaunch/error.hpp>
#include <nslaunch/exit_codes.hpp>

#include <utility>

#include "run/part/status.hpp"
#include "shard/diagnose/explain.hpp"
#include "sys/base/check.hpp"
#include "sys/base/waiting.hpp"

namespace nslaunch::run {
namespace {

std::int64_t milliseconds_since_epoch() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

}  // namespace

ShardRun::ShardRun(const ShardSpec& spec, const Shared& shared, std::vector<unsigned> processors,
                   ShardOutput& output, const Messages& messages, sys::Loop& loop)
    : output_(output), loop_(loop), shard_(messages, loop) {
  attempt_.started_at = milliseconds_since_epoch();
  attempt_.id = spec.id;
  try {
    prepare(spec, shared, std::move(processors));
    shard_.launch();
  } catch (const UsageError& error) {
    usage_error_ = std::current_exception();
    fail(error);
  } catch (const std::exception& error) {
    fail(error);
  }
}

void ShardRun::prepare(const ShardSpec& spec, const Shared& shared, std::vector<unsigned> processors) {
  shard_.resources().make_plan(spec);
  auto& plan = shard_.plan();
  if (plan.artifacts) output_.keep_in(plan.artifacts, plan.spec);
  plan.processors = std::move(processors);
  plan.own_process_group = true;
  plan.caller_signals = shared.signals;
  plan.descriptor_limit = shared.descriptor_limit;
  plan.settings = shared.settings;
  plan.outside_handles = shared.outside_handles;
  plan.stdin_pipe = 0;
  plan.streams = output_.open(loop_);
  const int null = ::fcntl(shared.null.get(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  plan.streams.emplace(plan.streams.begin(), sys::check(null, "giving a shard its standard input"));
  shard_.resources().prepare(shared.capture_directory ? &*shared.capture_directory : nullptr);
  shard_.resources().hooks().last_output = [this] { return output_.tail(); };
}

void ShardRun::launched() {
  attempt_.started = true;
  shard_.begin_supervision(shard_.launching()->take());
  if (end_when_launched_) shard_.supervised()->ending().end(*end_when_launched_);
}

pid_t ShardRun::init_pid() const noexcept {
  if (const auto* launching = shard_.launching()) return launching->init_pid();
  const auto* supervised = shard_.supervised();
  return supervised != nullptr ? supervised->init_pid() : 0;
}

bool ShardRun::command_runs() const noexcept {
  const auto* supervised = shard_.supervised();
  return supervised != nullptr ? supervised->command_runs() : shard_.launching() != nullptr;
}

void ShardRun::fail(const std::exception& error) {
  const auto* command_error = dynamic_cast<const CommandError*>(&error);
  attempt_.error = error.what();
  attempt_.exit_status = command_error != nullptr ? command_error->exit_status() : kOwnFailure;
  attempt_.status = command_error != nullptr ? Status::kFail : Status::kError;
  shard_.end();
  over_ = true;
}

int ShardRun::poll_timeout() const {
  const int timeout = shard_.poll_timeout();
  const bool is_limited = shard_.launching() != nullptr && launch_limit_;
  return is_limited ? sys::earlier(timeout, launch_limit_->poll_timeout()) : timeout;
}

void ShardRun::handle_events() {
  bool wrote = output_.handle_events();
  // Other shards may have taken long since the loop's last turn.
  if (spec().silence && !wrote) wrote = output_.take_what_is_there();
  try {
    if (auto* supervised = shard_.supervised()) {
      if (wrote || output_.is_held_back()) supervised->ending().on_output();
      supervised->handle_events();
      supervised->keep_deadlines();
      over_ = supervised->is_over();
    } else if (shard_.launching() != nullptr && shard_.go_on_launching()) {
      launched();
    }
    if (shard_.launching() != nullptr && launch_limit_ && launch_limit_->passed()) give_up_launch();
  } catch (const std::exception& error) {
    fail(error);
  }
}

void ShardRun::take_outcome() {
  attempt_.outcome = shard_.finish();
  attempt_.exit_status = exit_status(attempt_.outcome, spec());
  attempt_.status = status_of(attempt_.outcome, spec());
  attempt_.hint = shard_.resources().hint(attempt_.outcome);
  if (attempt_.outcome.pids_limit_reached) {
    attempt_.hint =
        fmt::format("It has reached its --pids {}: processes could not be started.", spec().pids_limit);
  }
}

Attempt ShardRun::finish() {
  try {
    if (shard_.supervised() != nullptr) take_outcome();
  } catch (const shard::KilledInit& error) {
    attempt_.outcome.setup = shard_.setup();
    attempt_.outcome.duration =
        std::chrono::duration_cast<std::chrono::microseconds>(sys::Clock::now() - began()) - shard_.setup();
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
  if (auto* supervised = shard_.supervised()) return supervised->ending().end(cause);
  end_when_launched_ = cause;
  launch_limit_.emplace(spec().grace);
}

void ShardRun::kill(EndCause cause) {
  if (auto* supervised = shard_.supervised()) return supervised->ending().kill(cause);
  give_up_launch();
}

void ShardRun::give_up_launch() {
  shard_.end_launch();
  over_ = true;
}

void ShardRun::postpone(sys::Clock::duration pause) noexcept {
  if (auto* supervised = shard_.supervised()) supervised->ending().postpone(pause);
  if (auto* launching = shard_.launching()) launching->postpone(pause);
  if (launch_limit_) launch_limit_->postpone(pause);
}

}  // namespace nslaunch::run
