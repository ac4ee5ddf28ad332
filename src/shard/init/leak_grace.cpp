#include "shard/init/leak_grace.hpp"

#include <algorithm>

namespace nslaunch::shard {
namespace {

constexpr std::chrono::milliseconds kNone{0};
constexpr std::chrono::milliseconds kShortestForTails{50};

}  // namespace

void LeakGrace::begin() {
  end_.emplace(is_skipped_ ? kNone : length_);
}

void LeakGrace::skip() {
  is_skipped_ = true;
  if (end_) end_.emplace(kNone);
}

bool LeakGrace::extend_for_tails() {
  if (is_skipped_ || !tails_.progressing()) return false;
  end_.emplace(std::max(length_, kShortestForTails));
  return true;
}

}  // namespace nslaunch::shard
