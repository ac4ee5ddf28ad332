#include <utility>

#include "run/fleet/fleet.hpp"
#include "run/part/status.hpp"
#include "run/report/log_marks.hpp"
#include "run/report/summary.hpp"
#include "sys/base/check.hpp"
#include "sys/base/log.hpp"
#include "sys/base/text.hpp"

// What is made of each shard that has ended, and of all of them.
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
  if (!spec_.shard.artifacts.empty()) attempt.directory = active.shard->spec().artifacts;
  attempt.directory_descriptor = active.shard->artifacts_fd();
  const bool settled = schedule_.settle(active.turn, passed || active.cancelled);
  auto& part = *active.part;
  say(ended_line(part, attempt, spec_, !settled));
  if (const auto problem = active.output->problem(); !problem.empty())
    say(fmt::format("{}: the end of its output is lost: {}", sys::escape(part.part.name), problem),
        kWarningColour);
  if (const auto error = active.output->read_error()) output_error_ = error;
  if (spec_.output != OutputMode::kFailed || !passed) print_output(active, attempt);
  part.attempts.push_back(std::move(attempt));
  for (auto* reporter : reporters_) reporter->ended(part, part.attempts.back(), active.messages->warning);
  part.attempts.back().directory_descriptor = -1;
  if (settled) settle(active.turn, part);
}

void Fleet::print_output(ActiveAttempt& active, const Attempt& attempt) {
  const bool marked = spec_.output != OutputMode::kStream && attempt.output_bytes > 0;
  const auto marks = marked ? marks_around(*active.part, attempt, spec_) : Marks{};
  printer_.print(Stream::kOut, marks.before);
  active.output->print();
  printer_.print(Stream::kOut, marks.after);
}

void Fleet::settle(const Turn& turn, PartResult& part) {
  if (results_.settle(turn, part) || cancelled_) return;
  if (spec_.fail_fast) cancel(FleetEnd::kFailFast);
  if (spec_.until_fail) cancel(FleetEnd::kUntilFail);
}

FleetResult Fleet::finish() {
  progress_->clear();
  auto result = results_.take();
  result.wall = std::chrono::duration_cast<std::chrono::milliseconds>(sys::Clock::now() - began_);
  say(summary_of(result, spec_));
  print_the_rest();
  if (hurried_) result.term_signal = results_.signal();
  result.output_error = output_error_;
  if (printer_.error() != 0) {
    result.output_error = sys::errno_code(printer_.error());
    sys::warn(fmt::format("the end of the output is lost: {}", result.output_error.message()));
  }
  return result;
}

/// As slowly as its readers take it, unless a signal says that nobody wants to wait for them.
void Fleet::print_the_rest() {
  hurried_ = false;
  while (!printer_.is_empty() && !hurried_) {
    loop_.turn();
    handle_signals();
  }
}

}  // namespace nslaunch::run
