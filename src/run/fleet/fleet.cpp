#include "run/fleet/fleet.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "ns/sysctl.hpp"
#include "registry/record/registration.hpp"
#include "run/engine/processors.hpp"
#include "run/part/expand_spec.hpp"
#include "run/report/fleet_json.hpp"
#include "shard/plan/plan.hpp"
#include "shard/plan/users_directory.hpp"
#include "shard/supervise/ancestors.hpp"
#include "sys/base/check.hpp"
#include "sys/base/files.hpp"
#include "sys/base/log.hpp"
#include "sys/base/text.hpp"
#include "sys/base/values.hpp"

namespace nslaunch {
namespace run {
namespace {

/// A shard that runs keeps nine, and a dozen while it is made; then there are ports that are led somewhere.
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

// The limit on descriptors is the caller's until it is written down for the commands.
Fleet::Fleet(const FleetSpec& spec, std::span<Reporter* const> reporters)
    : spec_(spec),
      reporters_(reporters),
      shared_{caller_.before(), limit_on_descriptors(), ns::changed_sysctls(),
              sys::open_file("/dev/null", O_RDWR)},
      processors_(allowed_processors()),
      progress_(spec.progress == ProgressMode::kLive ? live_progress(printer_) : plain_progress(printer_)),
      schedule_(spec.parts.size(), {spec.retries, spec.repeat, spec.until_fail}),
      results_(spec) {
  descriptors_.emplace(sys::kEveryDescriptor);
  jobs_ = jobs_that_fit(descriptors_->now(), spec.jobs);
  if (jobs_ < spec.jobs && (spec.until_fail || jobs_ < schedule_.total()))
    say(fmt::format("{} shards at once, not {}: the hard limit on open descriptors is {} (ulimit -Hn)", jobs_,
                    spec.jobs, descriptors_->now()),
        kWarningColour);
  if (spec.shard.watch_ancestors && !sys::is_ignored(SIGHUP)) ancestors_ = shard::ancestors_in_own_group();
  for (const auto& ancestor : ancestors_) shared_.outside_handles.push_back(ancestor.get());
  if (shard::other_user(spec.shard) != nullptr && !spec.shard.capture.file.empty())
    shared_.capture_directory = shard::open_capture_directory(spec.shard.capture);
  if (spec.total_timeout) total_limit_.emplace(*spec.total_timeout);
  begin_to_watch();
}

void Fleet::begin_to_watch() {
  printer_.begin(loop_);
  signals_watch_ = loop_.watch(caller_.signals().get(), POLLIN, [this](short) { signals_are_due_ = true; });
  // Once: it is the caller's to read, and stays readable.
  cancel_watch_ = loop_.watch(spec_.cancel, POLLIN, [this](short) {
    cancel_watch_.end();
    signals_are_due_ = cancel_is_due_ = true;
  });
  for (const auto& ancestor : ancestors_)
    ancestors_watches_.push_back(loop_.watch(ancestor.get(), POLLIN, [this](short) { on_ancestor_ended(); }));
}

/// Once: its handle stays readable, also while nothing is left but output.
void Fleet::on_ancestor_ended() {
  ancestor_has_ended_ = true;
  ancestors_watches_.clear();
}

void Fleet::say(std::string_view text, const char* colour) {
  printer_.print(Stream::kErr, sys::own_lines(text, spec_.colour ? colour : ""));
  progress_->changed();
}

/// Output that waits for its reader has descriptors and memory: while there is much of it nothing is started.
bool Fleet::has_room() const {
  return running_.size() < jobs_ && !schedule_.exhausted() && !printer_.is_full();
}

bool Fleet::may_start() const {
  return has_room() && next_start_.passed();
}

/// Not all at once where that is hundreds: those that run want to be attended to, too.
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
  const auto line = [this, name = sys::escape(part.name)](const char* colour) {
    return [this, name, colour](std::string_view text) { say(fmt::format("{}: {}", name, text), colour); };
  };
  auto messages = std::make_unique<Messages>();
  messages->warning = line(kWarningColour);
  messages->note = line("");
  if (spec_.verbose) messages->trace = line("");
  return messages;
}

void Fleet::start(const Turn& turn) {
  auto& part = results_.part_of(turn);
  auto shard = spec_of(spec_, part.part, turn);
  part.command = shard.command;
  const auto slot = free_slot();
  ActiveAttempt active{turn, slot, &part, messages_for(part.part), nullptr, nullptr};
  active.output = std::make_unique<ShardOutput>(spec_.output, sys::escape(part.part.name) + " | ", printer_);
  active.shard =
      std::make_unique<ShardRun>(shard, shared_, share_of_processors(processors_, slot, spec_.processors),
                                 *active.output, *active.messages, loop_);
  const bool is_first = !std::exchange(any_started_, true);
  if (active.shard->usage_error() && is_first) std::rethrow_exception(active.shard->usage_error());
  running_.push_back(std::move(active));
  progress_->changed();
}

int Fleet::poll_timeout() const {
  int timeout = progress_->poll_timeout();
  const auto regard = [&](int left) {
    if (left >= 0) timeout = std::min(timeout, left);
  };
  for (const auto& active : running_) regard(active.shard->poll_timeout());
  if (has_room()) regard(next_start_.poll_timeout());
  if (total_limit_) regard(total_limit_->poll_timeout());
  return timeout;
}

/// The shards first: what has ended before a signal came was not ended by it.
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
    say(fmt::format("{} have passed: ending all shards", sys::format_duration(*spec_.total_timeout)),
        kWarningColour);
    cancel(FleetEnd::kTotalTimeout);
  }
}

FleetSnapshot Fleet::snapshot() const {
  FleetSnapshot snapshot{.settled = results_.settled(),
                         .total = schedule_.total(),
                         .failed = results_.failed(),
                         .began = began_,
                         .running = {}};
  for (const auto& active : running_) {
    const auto lines = last_lines(active.output->tail(), 1);
    snapshot.running.push_back(
        {active.part->part.name, active.shard->began(), lines.empty() ? "" : std::string(lines.front())});
  }
  return snapshot;
}

FleetResult Fleet::run() {
  registry::sweep();
  for (;;) {
    start_what_fits();
    end_those_over();
    if (running_.empty() && schedule_.exhausted()) return finish();
    if (progress_->is_due()) progress_->show(snapshot());
    for (auto& active : running_) active.output->wait_for_more();
    loop_.turn(poll_timeout());
    handle_events();
  }
}

}  // namespace run

FleetResult run_fleet(const FleetSpec& spec, std::span<Reporter* const> reporters) {
  run::refuse_threads("run_fleet()");
  auto with_id = spec;
  if (with_id.run_id.empty()) with_id.run_id = shard::random_id();
  run::check_fleet(with_id);
  run::ResultFiles result_files(with_id);
  std::vector<Reporter*> all{&result_files};
  all.insert(all.end(), reporters.begin(), reporters.end());
  return run::Fleet(with_id, all).run();
}

}  // namespace nslaunch
