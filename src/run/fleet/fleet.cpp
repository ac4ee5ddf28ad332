#include "run/fleet/fleet.hpp"

#include <fcntl.h>
#include <unistd.h>
#include <nslaunch/error.hpp>

#include <algorithm>
#include <utility>

#include "ns/sysctl.hpp"
#include "registry/record/published_record.hpp"
#include "run/engine/processors.hpp"
#include "run/part/expand_spec.hpp"
#include "shard/plan/plan.hpp"
#include "shard/supervise/ancestors.hpp"
#include "sys/base/check.hpp"
#include "sys/base/files.hpp"
#include "sys/base/values.hpp"
#include "sys/base/waiting.hpp"

namespace nslaunch::run {
namespace {

/// A running shard uses nine descriptors, and a dozen during its launch; forwarded ports need more.
constexpr rlim_t kDescriptorsOfOne = 16;
constexpr rlim_t kOwnDescriptors = 32;

unsigned jobs_that_fit(rlim_t descriptors, unsigned jobs) {
  const auto fitting = (std::max(descriptors, kOwnDescriptors) - kOwnDescriptors) / kDescriptorsOfOne;
  return static_cast<unsigned>(std::clamp<rlim_t>(fitting, 1, jobs));
}

rlimit limit_on_descriptors() {
  rlimit limit = {};
  sys::check(::getrlimit(RLIMIT_NOFILE, &limit), "reading the limit on open descriptors");
  return limit;
}

}  // namespace

// The limit on descriptors is raised only after the caller's has been saved for the commands.
Fleet::Fleet(const FleetSpec& spec, const Observers& observers, Outlet& outlet, const CallersSignals& caller)
    : spec_(spec),
      observers_(observers),
      outlet_(outlet),
      caller_(caller),
      shared_{caller_.before(), limit_on_descriptors(), ns::changed_sysctls(),
              sys::open_file("/dev/null", O_RDWR)},
      processors_(allowed_processors()),
      schedule_(spec.parts.size(), {spec.retries, spec.repeat, spec.until_fail}),
      results_(spec) {
  descriptors_.emplace(sys::kEveryDescriptor);
  jobs_ = jobs_that_fit(descriptors_->now(), spec.jobs);
  if (spec.shard.watch_ancestors && !sys::is_ignored(SIGHUP)) ancestors_ = shard::ancestors_in_own_group();
  for (const auto& ancestor : ancestors_) shared_.outside_handles.push_back(ancestor.get());
  if (other_user(spec.shard) != nullptr && !spec.shard.capture.file.empty())
    shared_.capture_directory = shard::open_capture_directory(spec.shard.capture);
  if (spec.total_timeout) total_limit_.emplace(*spec.total_timeout);
  begin_to_watch();
}

void Fleet::begin_to_watch() {
  outlet_.begin(loop_);
  signals_watch_ = loop_.watch(caller_.signals(), POLLIN, [this](short) { signals_are_due_ = true; });
  // Only once: the caller reads it, and it stays readable.
  cancel_watch_ = loop_.watch(spec_.cancel, POLLIN, [this](short) {
    cancel_watch_.end();
    signals_are_due_ = cancel_is_due_ = true;
  });
  for (const auto& ancestor : ancestors_)
    ancestors_watches_.push_back(loop_.watch(ancestor.get(), POLLIN, [this](short) { on_ancestor_ended(); }));
}

/// Only once: the handle stays readable, even while only output is left to write.
void Fleet::on_ancestor_ended() {
  ancestor_has_ended_ = true;
  ancestors_watches_.clear();
}

void Fleet::notify(FleetNotice::Kind kind, std::string_view text) const {
  observers_.notify(&FleetObserver::fleet_notice, FleetNotice{.kind = kind, .text = text});
}

bool Fleet::has_room() const {
  const auto waits_for_slot = [](const ActiveAttempt& active) { return active.shard->waits_for_slot(); };
  return running_.size() < jobs_ && !schedule_.exhausted() && !outlet_.is_full() &&
         std::ranges::none_of(running_, waits_for_slot);
}

bool Fleet::may_start() const {
  return has_room() && next_start_.passed();
}

/// Starts a few per turn: with hundreds at once, the running shards would have to wait.
void Fleet::start_what_fits() {
  constexpr int kMostATurn = 8;
  for (int started = 0; started < kMostATurn && may_start(); ++started) {
    const auto turn = schedule_.next();
    if (!turn) return;
    start(*turn);
    next_start_ = sys::Deadline(spec_.stagger);
    if (running_.back().shard->is_over()) return;  // it failed at once: that may end all others
  }
}

unsigned Fleet::free_slot() const {
  unsigned slot = 0;
  const auto is_taken = [&](const ActiveAttempt& active) { return active.slot == slot; };
  while (std::any_of(running_.begin(), running_.end(), is_taken)) ++slot;
  return slot;
}

std::unique_ptr<Messages> Fleet::messages_for(const Part& part) {
  const auto to_observers = [this, &part](ShardMessage::Kind kind) {
    return [this, &part, kind](std::string_view text) {
      observers_.notify(&FleetObserver::shard_message,
                        ShardMessage{.kind = kind, .part = part, .text = text});
    };
  };
  auto messages = std::make_unique<Messages>();
  messages->warning = to_observers(ShardMessage::Kind::kWarning);
  messages->note = to_observers(ShardMessage::Kind::kNote);
  if (observers_.want_trace()) messages->trace = to_observers(ShardMessage::Kind::kTrace);
  if (observers_.want_log()) {
    messages->log = [this](const LogEntry& entry) { observers_.notify(&FleetObserver::shard_logged, entry); };
  }
  return messages;
}

void Fleet::start(const Turn& turn) {
  auto& part = results_.part_of(turn);
  auto shard = spec_of(spec_, part.part, turn);
  part.command = shard.command;
  const auto slot = free_slot();
  ActiveAttempt active{turn, slot, &part, nullptr, messages_for(spec_.parts[turn.part]), nullptr, nullptr};
  active.attempt = std::make_unique<RunningAttempt>(
      RunningAttempt{.part = part, .number = turn.attempt, .id = shard.id, .began = sys::Clock::now()});
  observers_.notify(&FleetObserver::attempt_started, AttemptStarted{*active.attempt});
  active.output = std::make_unique<ShardOutput>(*active.attempt, observers_, outlet_);
  active.shard =
      std::make_unique<ShardRun>(shard, shared_, share_of_processors(processors_, slot, spec_.processors),
                                 *active.output, *active.messages, loop_);
  const bool is_first = !std::exchange(any_started_, true);
  if (active.shard->usage_error() && is_first) std::rethrow_exception(active.shard->usage_error());
  running_.push_back(std::move(active));
}

int Fleet::poll_timeout() const {
  int timeout = outlet_.poll_timeout();
  const auto regard = [&](int left) { timeout = sys::earlier(timeout, left); };
  for (const auto& active : running_) regard(active.shard->poll_timeout());
  if (has_room()) regard(next_start_.poll_timeout());
  if (total_limit_) regard(total_limit_->poll_timeout());
  return timeout;
}

/// Shards first: one that ended before a signal arrived was not ended by it.
void Fleet::handle_events() {
  for (auto& active : running_) active.shard->handle_events();
  if (std::exchange(signals_are_due_, false)) handle_signals();
  if (std::exchange(ancestor_has_ended_, false)) {
    ancestors_.clear();
    shared_.outside_handles.clear();
    cancel(FleetEnd::kAncestor);
  }
  if (total_limit_ && total_limit_->passed()) {
    total_limit_.reset();
    notify(FleetNotice::Kind::kTotalTimeout,
           fmt::format("{} have passed: ending all shards", sys::format_duration(*spec_.total_timeout)));
    cancel(FleetEnd::kTotalTimeout);
  }
}

FleetResult Fleet::run() {
  observers_.notify(&FleetObserver::fleet_started, FleetStarted{.spec = spec_, .total = schedule_.total()});
  if (jobs_ < spec_.jobs && (spec_.until_fail || jobs_ < schedule_.total())) {
    notify(FleetNotice::Kind::kFewerAtOnce,
           fmt::format("{} shards at once, not {}: the hard limit on open descriptors is {} (ulimit -Hn)",
                       jobs_, spec_.jobs, descriptors_->now()));
  }
  registry::sweep();
  for (;;) {
    start_what_fits();
    end_those_over();
    if (running_.empty() && schedule_.exhausted()) return finish();
    outlet_.keep_up();
    for (auto& active : running_) active.output->wait_for_more();
    loop_.turn(poll_timeout());
    handle_events();
  }
}

/// Releases the shards' descriptors before reports are written, and the caller's signals only afterwards.
FleetResult run_parts(const FleetSpec& spec, std::span<FleetObserver* const> observers, Outlet& outlet) {
  refuse_threads("run_fleet()");
  auto with_id = spec;
  if (with_id.run_id.empty()) with_id.run_id = random_id();
  if (!with_id.parts.empty()) check_fleet(with_id);
  const Observers all(observers);
  const Warn warn = [&all](std::string_view text) {
    all.notify(&FleetObserver::fleet_notice, FleetNotice{.kind = FleetNotice::Kind::kObserver, .text = text});
  };
  const auto notify_end = [&](const FleetResult& result) {
    all.notify(&FleetObserver::fleet_ended, FleetEnded{.result = result, .warn = warn});
  };
  const CallersSignals caller;
  try {
    auto result =
        with_id.parts.empty() ? refused_fleet(with_id, {}) : Fleet(with_id, all, outlet, caller).run();
    notify_end(result);
    return result;
  } catch (const Error& error) {
    notify_end(refused_fleet(with_id, error.what()));
    throw;
  }
}

}  // namespace nslaunch::run
