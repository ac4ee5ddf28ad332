#include "run/part/schedule.hpp"

namespace nslaunch::run {

std::optional<Turn> Schedule::next() {
  if (stopped_) return std::nullopt;
  if (!again_.empty()) {
    const auto turn = again_.front();
    again_.pop_front();
    return turn;
  }
  if (exhausted()) return std::nullopt;
  const auto repetition = static_cast<unsigned>(started_ / parts_ + 1);
  const Turn turn{.part = started_ % parts_, .repetition = repetition};
  ++started_;
  return turn;
}

bool Schedule::settle(const Turn& turn, bool passed) {
  if (passed || stopped_ || turn.attempt > policy_.retries) return true;
  again_.push_back({turn.part, turn.repetition, turn.attempt + 1});
  return false;
}

void Schedule::stop() noexcept {
  stopped_ = true;
}

bool Schedule::exhausted() const noexcept {
  if (stopped_) return true;
  if (!again_.empty()) return false;
  return !policy_.until_fail && started_ == total();
}

}  // namespace nslaunch::run
