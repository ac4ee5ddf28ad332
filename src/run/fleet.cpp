#include "run/fleet.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "ns/sysctl.hpp"
#include "registry/registration.hpp"
#include "run/expand_spec.hpp"
#include "run/processors.hpp"
#include "run/status.hpp"
#include "run/summary.hpp"
#include "shard/ancestors.hpp"
#include "shard/plan.hpp"
#include "sys/check.hpp"
#include "sys/files.hpp"
#include "sys/log.hpp"
#include "sys/text.hpp"

namespace nslaunch {
namespace run {
namespace {

constexpr const char* kWarningColour = "\033[33m";

/// A shard that runs keeps nine, and a dozen while it is made; then there are ports that are led somewhere.
constexpr rlim_t kDescriptorsOfOne = 16;
constexpr rlim_t kOwnDescriptors = 32;

unsigned jobs_that_fit(rlim_t descriptors, unsigned jobs) {
  const auto fitting = (std::max(descriptors, kOwnDescriptors) - kOwnDescriptors) / kDescriptorsOfOne;
  return static_cast<unsigned>(std::clamp<rlim_t>(fitting, 1, jobs));
}

rlimit limit_on_descriptors() {
  rlimit limit = {};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  return limit;
}

std::int64_t milliseconds_since_epoch(std::chrono::system_clock::time_point when) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(when.time_since_epoch()).count();
}

}  // namespace

// The limit on descriptors is the caller's until it is written down for the commands.
Fleet::Fleet(const FleetSpec& spec)
    : spec_(spec),
      shared_{caller_.before(), limit_on_descriptors(), ns::changed_sysctls(),
              sys::open_file("/dev/null", O_RDWR)},
      processors_(allowed_processors()),
      progress_(spec.progress == ProgressMode::kLive ? live_progress(printer_) : plain_progress(printer_)),
      schedule_(spec.parts.size(), {spec.retries, spec.repeat, spec.until_fail}) {
  descriptors_.emplace(sys::kEveryDescriptor);
  jobs_ = jobs_that_fit(descriptors_->now(), spec.jobs);
  if (jobs_ < spec.jobs && (spec.until_fail || jobs_ < schedule_.total()))
    say(fmt::format("{} shards at once, not {}: the hard limit on open descriptors is {} (ulimit -Hn)", jobs_,
                    spec.jobs, descriptors_->now()),
        kWarningColour);
  if (spec.shard.watch_ancestors && !sys::is_ignored(SIGHUP)) ancestors_ = shard::ancestors_in_own_group();
  if (spec.total_timeout) total_limit_.emplace(*spec.total_timeout);
  result_.run_id = spec.run_id;
  result_.started_at = milliseconds_since_epoch(std::chrono::system_clock::now());
}

void Fleet::say(std::string_view text, const char* colour) {
  printer_.print(Stream::kErr, sys::own_lines(text, spec_.colour ? colour : ""));
  progress_->changed();
}

bool Fleet::may_start() const {
  return running_.size() < jobs_ && !schedule_.exhausted() && next_start_.passed();
}

void Fleet::start_what_fits() {
  while (may_start()) {
    const auto turn = schedule_.next();
    if (!turn) return;
    start(*turn);
    next_start_ = sys::Deadline(spec_.stagger);
    if (running_.back().shard->is_over()) return;  // it failed at once: that may end all others
  }
}

unsigned Fleet::free_slot() const {
  unsigned slot = 0;
  const auto is_taken = [&](const Berth& berth) { return berth.slot == slot; };
  while (std::any_of(running_.begin(), running_.end(), is_taken)) ++slot;
  return slot;
}

PartResult& Fleet::part_of(const Turn& turn) {
  const auto is_it = [&](const auto& part) {
    return part->part.index == spec_.parts[turn.part].index && part->repetition == turn.repetition;
  };
  const auto found = std::find_if(parts_.rbegin(), parts_.rend(), is_it);
  if (turn.attempt > 1 && found != parts_.rend()) return **found;
  parts_.push_back(std::make_unique<PartResult>(PartResult{
      .part = spec_.parts[turn.part], .repetition = turn.repetition, .command = {}, .attempts = {}}));
  return *parts_.back();
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
  auto& part = part_of(turn);
  auto shard = spec_of(spec_, part.part, turn);
  part.command = shard.command;
  const auto slot = free_slot();
  Berth berth{turn, slot, &part, messages_for(part.part), nullptr, nullptr};
  berth.output = std::make_unique<ShardOutput>(spec_.output, sys::escape(part.part.name) + " | ", printer_);
  berth.shard = std::make_unique<ShardRun>(std::move(shard), shared_,
                                           share_of_processors(processors_, slot, spec_.processors),
                                           *berth.output, *berth.messages);
  running_.push_back(std::move(berth));
  progress_->changed();
}

int Fleet::poll_timeout() const {
  int timeout = progress_->poll_timeout();
  const auto regard = [&](int left) {
    if (left >= 0) timeout = std::min(timeout, left);
  };
  for (const auto& berth : running_) regard(berth.shard->poll_timeout());
  if (running_.size() < jobs_ && !schedule_.exhausted()) regard(next_start_.poll_timeout());
  if (total_limit_) regard(total_limit_->poll_timeout());
  return timeout;
}

void Fleet::wait_for_something() {
  std::vector<pollfd> watched{{caller_.signals().get(), POLLIN, 0}};
  printer_.watch(watched);
  for (const auto& ancestor : ancestors_) watched.push_back({ancestor.get(), POLLIN, 0});
  for (const auto& berth : running_) berth.shard->watch(watched);
  if (::poll(watched.data(), watched.size(), poll_timeout()) < 0) return;
  attend(watched);
}

void Fleet::attend(std::span<const pollfd> watched) {
  const auto& signals = watched[0];
  printer_.attend(watched[1]);
  watched = watched.subspan(2);
  const auto ancestors = watched.first(ancestors_.size());
  watched = watched.subspan(ancestors_.size());
  for (auto& berth : running_) {
    const auto size = berth.shard->watched();
    berth.shard->attend(watched.first(size));
    watched = watched.subspan(size);
  }
  if (signals.revents != 0) hear_signals();
  if (std::any_of(ancestors.begin(), ancestors.end(),
                  [](const pollfd& entry) { return entry.revents != 0; })) {
    ancestors_.clear();
    cancel(FleetEnd::kAncestor);
  }
  if (total_limit_ && total_limit_->passed()) {
    total_limit_.reset();
    say(fmt::format("{} have passed: ending all shards", sys::format_duration(*spec_.total_timeout)),
        kWarningColour);
    cancel(FleetEnd::kTotalTimeout);
  }
}

void Fleet::end_those_over() {
  for (std::size_t index = 0; index < running_.size();) {
    if (!running_[index].shard->is_over()) {
      ++index;
      continue;
    }
    auto berth = std::move(running_[index]);
    running_.erase(running_.begin() + static_cast<std::ptrdiff_t>(index));
    take_end(berth);
  }
}

void Fleet::take_end(Berth& berth) {
  auto attempt = berth.shard->finish();
  const bool passed = has_passed(attempt.status, spec_.shard);
  if (berth.cancelled && !passed) attempt.status = Status::kCancelled;
  if (spec_.slow && attempt.status == Status::kPass && attempt.outcome.duration > *spec_.slow)
    attempt.status = Status::kSlow;
  attempt.output_bytes = berth.output->size();
  if (!passed) attempt.last_output = berth.output->tail();
  if (!spec_.shard.artifacts.empty()) attempt.folder = berth.shard->spec().artifacts;
  const bool settled = schedule_.settle(berth.turn, passed || berth.cancelled);
  auto& part = *berth.part;
  say(ended_line(part, attempt, spec_, !settled));
  if (const auto problem = berth.output->problem(); !problem.empty())
    say(fmt::format("{}: the end of its output is lost: {}", sys::escape(part.part.name), problem),
        kWarningColour);
  if (spec_.output != OutputMode::kFailed || !passed) berth.output->print();
  part.attempts.push_back(std::move(attempt));
  if (settled) settle(berth.turn, part);
}

void Fleet::settle(const Turn& turn, PartResult& part) {
  part.status = part.attempts.back().status;
  const bool passed = has_passed(part.status, spec_.shard);
  if (passed && turn.attempt > 1) part.status = Status::kFlaky;
  ++settled_;
  if (!passed) ++failed_;
  if (passed && spec_.until_fail) {
    ++result_.passed_before;
    for (const auto& attempt : part.attempts)
      result_.passed_before_time +=
          std::chrono::duration_cast<std::chrono::milliseconds>(attempt.outcome.duration);
    std::erase_if(parts_, [&](const auto& other) { return other.get() == &part; });
    return;
  }
  if (passed || cancelled_) return;
  if (spec_.fail_fast) cancel(FleetEnd::kFailFast);
  if (spec_.until_fail) cancel(FleetEnd::kUntilFail);
}

void Fleet::cancel(FleetEnd end, int signal) {
  schedule_.stop();
  const bool again = std::exchange(cancelled_, true);
  if (!again) result_.end = end;
  if (signal != 0) result_.term_signal = signal;
  for (auto& berth : running_) {
    berth.cancelled = true;
    if (again && signal != 0) berth.shard->kill(EndCause::kInterrupts);
    if (!again) berth.shard->end(EndCause::kTerminated);
  }
}

void Fleet::hear_signals() {
  while (const auto info = sys::read_signal(caller_.signals().get())) on_signal(*info);
}

void Fleet::on_signal(const signalfd_siginfo& info) {
  const int signal = static_cast<int>(info.ssi_signo);
  if (const auto addressed = registry::read_addressed(info)) return forward(*addressed);
  if (sys::is_ignored(signal)) return;
  switch (signal) {
    case SIGINT:
    case SIGTERM:
    case SIGHUP:
    case SIGQUIT:
      say(cancelled_ ? "killing all shards"
                     : fmt::format("ending all shards, and killing them in {}; once more kills them now",
                                   sys::format_duration(spec_.shard.grace)));
      return cancel(signal == SIGINT ? FleetEnd::kInterrupted : FleetEnd::kTerminated, signal);
    case SIGTSTP:
    case SIGTTIN:
    case SIGTTOU:
      return stop_with(signal);
    case SIGWINCH:
      return progress_->resized();
    case SIGCONT:
    case SIGPIPE:
    case SIGXFSZ:
      return;
    default:
      for (auto& berth : running_) berth.shard->forward(signal);
  }
}

/// `nslaunch kill` of one of the shards.
void Fleet::forward(const registry::AddressedSignal& addressed) {
  for (auto& berth : running_) {
    if (berth.shard->init_pid() == addressed.init) berth.shard->forward(addressed.signal);
  }
}

/// The shards stop with us, and no deadline runs meanwhile.
void Fleet::stop_with(int signal) {
  printer_.write_now();
  progress_->clear();
  printer_.write_now();
  for (auto& berth : running_) berth.shard->forward(signal);
  const auto stopped_at = sys::Clock::now();
  sys::reset_signal(signal);
  ::kill(::getpid(), signal);
  sys::deliver_pending(signal);
  const auto pause = sys::Clock::now() - stopped_at;
  for (auto& berth : running_) {
    berth.shard->forward(SIGCONT);
    berth.shard->postpone(pause);
  }
  next_start_.postpone(pause);
  if (total_limit_) total_limit_->postpone(pause);
  progress_->changed();
}

Sight Fleet::sight() const {
  Sight sight{
      .settled = settled_, .total = schedule_.total(), .failed = failed_, .began = began_, .running = {}};
  for (const auto& berth : running_) {
    const auto lines = last_lines(berth.output->tail(), 1);
    sight.running.push_back(
        {berth.part->part.name, berth.shard->began(), lines.empty() ? "" : std::string(lines.front())});
  }
  return sight;
}

FleetResult Fleet::finish() {
  progress_->clear();
  for (auto& part : parts_) result_.parts.push_back(std::move(*part));
  const auto has_run = [&](const Part& part) {
    return spec_.until_fail ||
           std::any_of(result_.parts.begin(), result_.parts.end(),
                       [&](const PartResult& other) { return other.part.index == part.index; });
  };
  for (const auto& part : spec_.parts) {
    if (!has_run(part)) result_.parts.push_back({.part = part, .command = {}, .attempts = {}});
  }
  std::stable_sort(
      result_.parts.begin(), result_.parts.end(), [](const PartResult& one, const PartResult& other) {
        return std::pair(one.repetition, one.part.index) < std::pair(other.repetition, other.part.index);
      });
  result_.wall = std::chrono::duration_cast<std::chrono::milliseconds>(sys::Clock::now() - began_);
  say(summary_of(result_, spec_));
  print_the_rest();
  return std::move(result_);
}

/// As slowly as its readers take it, unless a signal says that nobody wants to wait for them.
void Fleet::print_the_rest() {
  const int ended_by = std::exchange(result_.term_signal, 0);
  while (!printer_.is_empty() && result_.term_signal == 0) {
    std::vector<pollfd> watched{{caller_.signals().get(), POLLIN, 0}};
    printer_.watch(watched);
    if (::poll(watched.data(), watched.size(), -1) <= 0) continue;
    printer_.attend(watched[1]);
    hear_signals();
  }
  if (result_.term_signal == 0) result_.term_signal = ended_by;
}

FleetResult Fleet::run() {
  registry::sweep();
  for (;;) {
    start_what_fits();
    end_those_over();
    if (running_.empty() && schedule_.exhausted()) return finish();
    if (progress_->is_due()) progress_->show(sight());
    wait_for_something();
  }
}

}  // namespace run

FleetResult run_fleet(const FleetSpec& spec) {
  auto with_id = spec;
  if (with_id.run_id.empty()) with_id.run_id = shard::random_id();
  run::check_fleet(with_id);
  return run::Fleet(with_id).run();
}

}  // namespace nslaunch
