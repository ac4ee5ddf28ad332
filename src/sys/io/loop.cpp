#include "sys/io/loop.hpp"

#include <utility>

#include "sys/base/signals.hpp"
#include "sys/base/waiting.hpp"

namespace nslaunch::sys {

struct Loop::Entry {
  int descriptor;
  short wanted;
  OnEvents handler;
  bool ended = false;
};

struct Loop::Alarm {
  OnTime handler;
  std::optional<Deadline> at{};
  bool ended = false;
};

Loop::Watch& Loop::Watch::operator=(Watch&& other) noexcept {
  end();
  entry_ = std::move(other.entry_);
  return *this;
}

void Loop::Watch::want(short events) noexcept {
  if (entry_) entry_->wanted = events;
}

void Loop::Watch::end() noexcept {
  if (entry_) entry_->ended = true;
  entry_.reset();
}

Loop::Timer& Loop::Timer::operator=(Timer&& other) noexcept {
  end();
  alarm_ = std::move(other.alarm_);
  return *this;
}

void Loop::Timer::set(Deadline at) noexcept {
  if (alarm_) alarm_->at = at;
}

void Loop::Timer::clear() noexcept {
  if (alarm_) alarm_->at.reset();
}

bool Loop::Timer::is_set() const noexcept {
  return alarm_ && alarm_->at;
}

void Loop::Timer::postpone(Clock::duration by) noexcept {
  if (is_set()) alarm_->at->postpone(by);
}

void Loop::Timer::end() noexcept {
  if (alarm_) alarm_->ended = true;
  alarm_.reset();
}

Loop::Watch Loop::watch(int descriptor, short events, OnEvents handler) {
  auto entry = std::make_shared<Entry>(Entry{descriptor, events, std::move(handler)});
  entries_.push_back(entry);
  ++watches_made_;
  return Watch(std::move(entry));
}

Loop::Watch Loop::watch_signals(int signalfd, OnSignal handler) {
  constexpr int kMostSignals = 64;  // per turn: a flood of them must not starve the rest
  return watch(signalfd, POLLIN, [signalfd, handler = std::move(handler)](short) {
    for (int count = 0; count < kMostSignals; ++count) {
      const auto signal = read_signal(signalfd);
      if (!signal) return;
      handler(*signal);
    }
  });
}

Loop::Timer Loop::timer(OnTime handler) {
  auto alarm = std::make_shared<Alarm>(Alarm{std::move(handler)});
  alarms_.push_back(alarm);
  return Timer(std::move(alarm));
}

Loop::Polled Loop::polled() const {
  Polled polled{.descriptors = {}, .generation = watches_made_};
  for (const auto& entry : entries_) {
    if (!entry->ended && entry->wanted != 0 && entry->descriptor >= 0)
      polled.descriptors.push_back({entry->descriptor, entry->wanted, 0});
  }
  return polled;
}

int Loop::time_left(int limit) const noexcept {
  for (const auto& alarm : alarms_) {
    if (!alarm->ended && alarm->at) limit = earlier(limit, alarm->at->poll_timeout());
  }
  return limit;
}

/// Resets the flag even if a handler throws.
class Loop::Turning {
 public:
  explicit Turning(bool& is_turning) noexcept : is_turning_(is_turning) { is_turning_ = true; }
  Turning(const Turning&) = delete;
  Turning& operator=(const Turning&) = delete;
  ~Turning() { is_turning_ = false; }

 private:
  bool& is_turning_;
};

void Loop::turn(int limit) {
  if (is_turning_) throw Error({}, fmt::format("{}: a handler has turned its own loop", doing_));
  const Turning turning(is_turning_);
  std::erase_if(entries_, [](const auto& entry) { return entry->ended; });
  std::erase_if(alarms_, [](const auto& alarm) { return alarm->ended; });
  polled_.clear();
  waiting_.clear();
  for (const auto& entry : entries_) {
    if (entry->wanted == 0 || entry->descriptor < 0) continue;
    polled_.push_back({entry->descriptor, entry->wanted, 0});
    waiting_.push_back(entry);
  }
  const int ready = check_wait(::poll(polled_.data(), polled_.size(), time_left(limit)), "{}", doing_);
  for (std::size_t at = 0; ready > 0 && at < polled_.size(); ++at) {
    if (polled_[at].revents != 0 && !waiting_[at]->ended) waiting_[at]->handler(polled_[at].revents);
  }
  call_those_due();
}

void Loop::call_those_due() {
  const auto now = Clock::now();
  for (std::size_t at = 0, all = alarms_.size(); at < all; ++at) {
    const auto alarm = alarms_[at];
    if (alarm->ended || !alarm->at || alarm->at->at() > now) continue;
    alarm->at.reset();
    alarm->handler();
  }
}

}  // namespace nslaunch::sys
