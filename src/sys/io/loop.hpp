#pragma once

#include <poll.h>
#include <sys/signalfd.h>

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "sys/base/clock.hpp"

namespace nslaunch::sys {

/// The event loop of one thread: descriptors and timers, each with its handler. A handler may add and end any
/// of them, including its own. Its exceptions propagate from turn().
class Loop {
  struct Entry;
  struct Alarm;

 public:
  /// `events` as poll(2) reports them, including POLLHUP, POLLERR and POLLNVAL.
  using OnEvents = std::function<void(short events)>;
  using OnTime = std::function<void()>;
  using OnSignal = std::function<void(const signalfd_siginfo&)>;

  /// Watches a descriptor for as long as this lives. It must end before the descriptor is closed: the next
  /// one to be opened gets the same number.
  class Watch {
   public:
    Watch() = default;
    Watch(Watch&&) noexcept = default;
    Watch& operator=(Watch&& other) noexcept;
    ~Watch() { end(); }

    /// The events to wait for from the next turn on. 0: none, not even the closing of the other end.
    void want(short events) noexcept;
    void end() noexcept;

   private:
    friend Loop;
    explicit Watch(std::shared_ptr<Entry> entry) noexcept : entry_(std::move(entry)) {}
    std::shared_ptr<Entry> entry_;
  };

  /// A timer that fires once each time it is set, for as long as this lives.
  class Timer {
   public:
    Timer() = default;
    Timer(Timer&&) noexcept = default;
    Timer& operator=(Timer&& other) noexcept;
    ~Timer() { end(); }

    void set(Deadline at) noexcept;
    void clear() noexcept;
    bool is_set() const noexcept;
    /// Does nothing if it is not set.
    void postpone(Clock::duration by) noexcept;
    void end() noexcept;

   private:
    friend Loop;
    explicit Timer(std::shared_ptr<Alarm> alarm) noexcept : alarm_(std::move(alarm)) {}
    std::shared_ptr<Alarm> alarm_;
  };

  /// `doing`: for the Error if waiting fails. "waiting for the shard"
  explicit Loop(const char* doing) noexcept : doing_(doing) {}
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  /// A descriptor of -1 never has events.
  [[nodiscard]] Watch watch(int descriptor, short events, OnEvents handler);
  /// Watches a non-blocking signalfd: calls the handler for each signal.
  [[nodiscard]] Watch watch_signals(int signalfd, OnSignal handler);
  /// What turn() would poll, for callers that poll it elsewhere; `generation` differs if the same numbers may
  /// refer to other descriptors.
  struct Polled {
    std::vector<pollfd> descriptors;
    std::size_t generation;
  };
  Polled polled() const;
  /// A timeout for poll(2): until the next timer, or `limit`.
  int time_left(int limit = -1) const noexcept;

  /// Not set yet.
  [[nodiscard]] Timer timer(OnTime handler);

  /// Waits for an event, an interruption by a signal or `limit` (in ms as for poll(2), -1: forever), and
  /// calls the handlers that are due: those of descriptors in the order in which they were added, then those
  /// of timers. Throws Error if waiting fails, and if called by a handler.
  void turn(int limit = -1);

 private:
  class Turning;

  void call_those_due();

  const char* doing_;
  std::vector<std::shared_ptr<Entry>> entries_;
  std::size_t watches_made_ = 0;
  bool is_turning_ = false;
  std::vector<std::shared_ptr<Alarm>> alarms_;
  // Used by one turn, and kept to avoid allocating them each time. What has ended stays until the next turn:
  // a handler may end itself.
  std::vector<pollfd> polled_;
  std::vector<std::shared_ptr<Entry>> waiting_;
};

}  // namespace nslaunch::sys
