#include "sys/base/patience.hpp"

#include <algorithm>

namespace nslaunch::sys {
namespace {

constexpr std::chrono::milliseconds kLeast{200};
constexpr int kSlowness = 10;  ///< elapsed time per unit of restored time

}  // namespace

std::chrono::milliseconds Patience::limit(Clock::time_point now) {
  if (now > last_) left_ = std::min<Clock::duration>(whole_, left_ + (now - last_) / kSlowness);
  last_ = now;
  return std::chrono::ceil<std::chrono::milliseconds>(left_ + kLeast);
}

void Patience::waited(Clock::time_point from, Clock::time_point until) {
  left_ -= std::clamp<Clock::duration>(until - from - kLeast, Clock::duration::zero(), left_);
  last_ = until;
}

}  // namespace nslaunch::sys
