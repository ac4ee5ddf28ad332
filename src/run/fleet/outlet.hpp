#pragma once

#include <cstdint>

#include "sys/io/loop.hpp"

namespace nslaunch::run {

/// Where a fleet's output and events are written, at the readers' pace: the fleet's loop waits for it, and it
/// throttles the fleet. This base class accepts everything at once.
class Outlet {
 public:
  virtual ~Outlet() = default;
  Outlet() = default;
  Outlet(const Outlet&) = delete;
  Outlet& operator=(const Outlet&) = delete;

  /// Writes whenever `loop` turns; `loop` lives until Fleet::run() has returned.
  virtual void begin(sys::Loop& /*loop*/) {}
  /// When keep_up() is due next, as a timeout for poll(2).
  virtual int poll_timeout() const { return -1; }
  /// Called before each turn of the loop.
  virtual void keep_up() {}
  /// Unread data takes memory and descriptors: nothing should be started for now.
  virtual bool is_full() const { return false; }
  /// Output should stay in the pipes for now, to throttle the commands.
  virtual bool holds_back_output() const { return false; }
  /// No data waits for a reader: the fleet may end.
  virtual bool is_empty() const { return true; }
  /// How many bytes have been written to readers so far.
  virtual std::uint64_t written() const { return 0; }
  /// The errno if something could not be written (a full disk). 0 if at most a stream is closed.
  virtual int error() const { return 0; }
};

}  // namespace nslaunch::run
