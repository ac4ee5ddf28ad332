#include "sys/io/loop_descriptor.hpp"

#include <sys/epoll.h>
#include <sys/timerfd.h>

#include <algorithm>

#include "sys/base/check.hpp"

namespace nslaunch::sys {
namespace {

constexpr const char* kPollingAsOne = "preparing to wait for several descriptors as one";

Fd make_waiter() {
  return Fd(check(::epoll_create1(EPOLL_CLOEXEC), "{}", kPollingAsOne));
}

void wait_for(const Fd& epoll, int descriptor, std::uint32_t events) {
  epoll_event event = {.events = events, .data = {.fd = descriptor}};
  check(::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, descriptor, &event), "{}", kPollingAsOne);
}

bool are_same(const Loop::Polled& one, const Loop::Polled& other) {
  return one.generation == other.generation &&
         std::ranges::equal(one.descriptors, other.descriptors, [](const pollfd& left, const pollfd& right) {
           return left.fd == right.fd && left.events == right.events;
         });
}

}  // namespace

LoopDescriptor::LoopDescriptor()
    : all_(make_waiter()),
      time_(check(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK), "{}", kPollingAsOne)) {
  wait_for(all_, time_.get(), EPOLLIN);
}

void LoopDescriptor::follow(const Loop& loop, int limit) {
  auto polled = loop.polled();
  if (!polled_ || !are_same(polled, watched_)) watch(polled);
  watched_ = std::move(polled);
  const int left = loop.time_left(limit);
  // Setting the timer clears its readiness. A time of zero would disarm it.
  itimerspec time = {};
  if (left >= 0) time.it_value = {.tv_sec = left / 1000, .tv_nsec = left % 1000 * 1'000'000L + 1};
  check(::timerfd_settime(time_.get(), 0, &time, nullptr), "{}", kPollingAsOne);
}

/// Creates a new one: a closed descriptor can't be removed from an epoll descriptor, and stays in it for as
/// long as a copy exists, as in a child that was forked meanwhile.
void LoopDescriptor::watch(const Loop::Polled& polled) {
  auto next = make_waiter();
  // The numbers of poll(2)'s events are epoll's, too.
  for (const auto& each : polled.descriptors)
    wait_for(next, each.fd, static_cast<std::uint32_t>(each.events));
  if (polled_) check(::epoll_ctl(all_.get(), EPOLL_CTL_DEL, polled_.get(), nullptr), "{}", kPollingAsOne);
  polled_ = std::move(next);
  wait_for(all_, polled_.get(), EPOLLIN);
}

}  // namespace nslaunch::sys
