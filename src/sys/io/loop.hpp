#pragma once

#include <poll.h>
#include <sys/signalfd.h>

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "sys/base/clock.hpp"

namespace nslaunch::sys {

/// What one thread waits for: descriptors and points in time, each with its handler. A handler may add and
/// end whatever it likes, itself included. What it throws leaves turn().
class Loop {
  struct Entry;
  struct Alarm;

 public:
  /// `events` as poll(2) tells them, POLLHUP, POLLERR and POLLNVAL included.
  using OnEvents = std::function<void(short events)>;
  using OnTime = std::function<void()>;
  using OnSignal = std::function<void(const signalfd_siginfo&)>;

  /// A descriptor that is waited for, as long as this lives. It has to end before the descriptor is closed:
  /// the next one to be opened gets the same number.
  class Watch {
   public:
    Watch() = default;
    Watch(Watch&&) noexcept = default;
    Watch& operator=(Watch&& other) noexcept;
    ~Watch() { end(); }

    /// What is waited for from the next turn on. 0: nothing, not even the closing of the other end.
    void want(short events) noexcept;
    void end() noexcept;

   private:
    friend Loop;
    explicit Watch(std::shared_ptr<Entry> entry) noexcept : entry_(std::move(entry)) {}
    std::shared_ptr<Entry> entry_;
  };

  /// A point in time that is waited for, as long as this lives and once each time that it is set.
  class Timer {
   public:
    Timer() = default;
    Timer(Timer&&) noexcept = default;
    Timer& operator=(Timer&& other) noexcept;
    ~Timer() { end(); }

    void set(Deadline at) noexcept;
    void clear() noexcept;
    bool is_set() const noexcept;
    /// Does nothing where it is not set.
    void postpone(Clock::duration by) noexcept;
    void end() noexcept;

   private:
    friend Loop;
    explicit Timer(std::shared_ptr<Alarm> alarm) noexcept : alarm_(std::move(alarm)) {}
    std::shared_ptr<Alarm> alarm_;
  };

  /// `doing`: for the error that there is no waiting. "waiting for the shard"
  explicit Loop(const char* doing) noexcept : doing_(doing) {}
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  /// Of a descriptor that is -1 nothing ever comes.
  [[nodiscard]] Watch watch(int descriptor, short events, OnEvents handler);
  /// Of a signalfd that never waits: each signal that it brings.
  [[nodiscard]] Watch watch_signals(int signalfd, OnSignal handler);
  /// What turn() would poll, for who polls it elsewhere; `generation` differs where the same numbers may mean
  /// other descriptors.
  struct Polled {
    std::vector<pollfd> descriptors;
    std::size_t generation;
  };
  Polled polled() const;
  /// As poll(2) takes it: till the next point in time, or `limit`.
  int time_left(int limit = -1) const noexcept;

  /// Not set yet.
  [[nodiscard]] Timer timer(OnTime handler);

  /// Waits until something comes, a signal interrupts, or `limit` has passed (in ms as for poll(2), -1: for
  /// ever), and calls the handlers of what has come: those of descriptors in the order in which they were
  /// added, then those of points in time. Never called by a handler. Throws Error where there is no waiting.
  void turn(int limit = -1);

 private:
  void call_those_due();

  const char* doing_;
  std::vector<std::shared_ptr<Entry>> entries_;
  std::size_t watches_made_ = 0;
  std::vector<std::shared_ptr<Alarm>> alarms_;
  // A turn's, kept so that they are not allocated anew each time. What has ended is there till the next one:
  // a handler may end itself.
  std::vector<pollfd> polled_;
  std::vector<std::shared_ptr<Entry>> waiting_;
};

}  // namespace nslaunch::sys
