#include "shard/supervise/last_wait.hpp"

#include <utility>

#include "inspect/hang/standstill.hpp"
#include "sys/base/check.hpp"
#include "sys/base/values.hpp"

namespace nslaunch::shard {
namespace {

std::string in_words(sys::Clock::duration time) {
  return sys::format_duration(std::chrono::duration_cast<std::chrono::microseconds>(time));
}

}  // namespace

void LastWait::begin() {
  if (!deadline_) deadline_.emplace(limits_.look);
}

void LastWait::postpone(sys::Clock::duration pause) noexcept {
  if (deadline_) deadline_->postpone(pause);
  looked_at_ += pause;
  silent_since_ += pause;
}

void LastWait::keep_deadline() {
  if (!deadline_ || !deadline_->passed()) return;
  deadline_.emplace(limits_.look);
  if (!std::exchange(asking_, true) || peer_.received() != received_) begin_silence();
}

void LastWait::begin_silence() {
  received_ = peer_.received();
  silent_since_ = sys::Clock::now();
  ask(inspect::pulse_of(init_));
}

void LastWait::ask(const std::optional<inspect::Pulse>& seen) {
  seen_ = seen;
  looked_at_ = sys::Clock::now();
  peer_.expect_sign_of_life(limits_.answer);
}

std::optional<std::string> LastWait::lost() {
  const auto now = sys::Clock::now();
  const auto pulse = inspect::pulse_of(init_);
  if (!pulse) return std::nullopt;  // its end is about to be reported
  if (peer_.received() != received_) {
    begin_silence();
  } else if (now - looked_at_ < limits_.answer) {  // it was another question, with a shorter limit
    peer_.expect_sign_of_life(limits_.answer);
  } else if (const auto standstill = inspect::standstill_of(init_)) {
    return standstill->what;
  } else if (!seen_ || !inspect::goes_on(*seen_, *pulse)) {
    const auto why = inspect::reason_for_silence(init_);
    return fmt::format("{}, and has not run for {}", why ? why->what : "it waits for something",
                       in_words(now - looked_at_));
  } else if (now - silent_since_ >= limits_.most) {
    return fmt::format("it goes on, but is not through within {}", in_words(now - silent_since_));
  } else {
    ask(pulse);
  }
  return std::nullopt;
}

}  // namespace nslaunch::shard
