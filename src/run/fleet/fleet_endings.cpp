#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>

#include "run/fleet/fleet.hpp"
#include "run/part/status.hpp"
#include "sys/base/check.hpp"

// Handles the end of each shard, and of the fleet.
namespace nslaunch::run {

void Fleet::end_those_over() {
  for (std::size_t index = 0; index < running_.size();) {
    if (!running_[index].shard->is_over()) {
      ++index;
      continue;
    }
    auto active = std::move(running_[index]);
    running_.erase(running_.begin() + static_cast<std::ptrdiff_t>(index));
    take_end(active);
  }
}

void Fleet::take_end(ActiveAttempt& active) {
  auto attempt = active.shard->finish();
  const bool passed = has_passed(attempt.status, spec_.shard);
  if (active.cancelled && !passed) attempt.status = Status::kCancelled;
  const bool slow = spec_.slow && attempt.outcome.duration - active.stopped > *spec_.slow;
  if (slow && attempt.status == Status::kPass) attempt.status = Status::kSlow;
  attempt.output_bytes = active.output->size();
  if (!passed) attempt.last_output = active.output->tail();
  if (active.shard->artifacts_fd() >= 0) attempt.directory = active.shard->spec().artifacts;
  if (const auto error = active.output->read_error()) output_error_ = error;
  const bool settled = schedule_.settle(active.turn, passed || active.cancelled);
  active.part->attempts.push_back(std::move(attempt));
  notify_end(active, !settled);
  if (settled) settle(active.turn, *active.part);
}

void Fleet::notify_end(const ActiveAttempt& active, bool again) {
  const auto problem = active.output->problem();
  observers_.notify(&FleetObserver::attempt_ended, AttemptEnded{.running = *active.attempt,
                                                                .part = *active.part,
                                                                .attempt = active.part->attempts.back(),
                                                                .again = again,
                                                                .output_problem = problem,
                                                                .directory = active.shard->artifacts_fd(),
                                                                .warn = active.messages->warning});
}

void Fleet::settle(const Turn& turn, PartResult& part) {
  const bool passed = results_.settle(turn, part);
  observers_.notify(&FleetObserver::part_settled, PartSettled{.part = part, .passed = passed});
  if (passed && spec_.until_fail) results_.only_count(turn);
  if (passed || cancelled_) return;
  if (spec_.fail_fast) cancel(FleetEnd::kFailFast);
  if (spec_.until_fail) cancel(FleetEnd::kUntilFail);
}

FleetResult Fleet::finish() {
  auto result = results_.take();
  result.wall = std::chrono::duration_cast<std::chrono::milliseconds>(sys::Clock::now() - began_);
  observers_.notify(&FleetObserver::fleet_settled, FleetSettled{result});
  wait_for_outlet();
  if (hurried_) result.term_signal = results_.signal();
  result.output_error = output_error_;
  if (const int error = outlet_.error(); error != 0) result.output_error = sys::errno_code(error);
  return result;
}

/// Writes at the readers' pace, unless a signal asks not to wait for them. If one has ended the shards, who
/// reads nothing for the length of their grace is not waited for any longer.
void Fleet::wait_for_outlet() {
  constexpr std::chrono::milliseconds kLeast{1000};
  hurried_ = false;
  auto limit = loop_.timer([this] { hurried_ = true; });
  std::optional<std::uint64_t> written;
  while (!outlet_.is_empty() && !hurried_) {
    if (results_.signal() != 0 && std::exchange(written, outlet_.written()) != outlet_.written())
      limit.set(sys::Deadline(std::max<std::chrono::milliseconds>(spec_.shard.grace, kLeast)));
    loop_.turn();
    handle_signals();
  }
}

}  // namespace nslaunch::run
