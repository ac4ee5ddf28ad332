#pragma once

#include "sys/io/loop.hpp"

namespace nslaunch::run {

/// Where what becomes of a fleet goes, as fast as it is read there: the fleet's loop waits with it, and the
/// fleet is held back by it. This one takes everything at once.
class Outlet {
 public:
  virtual ~Outlet() = default;
  Outlet() = default;
  Outlet(const Outlet&) = delete;
  Outlet& operator=(const Outlet&) = delete;

  /// It writes whenever `loop` turns, which lives until Fleet::run() has returned.
  virtual void begin(sys::Loop& /*loop*/) {}
  /// When keep_up() is due next, as poll(2) takes it.
  virtual int poll_timeout() const { return -1; }
  /// Before each turn of the loop.
  virtual void keep_up() {}
  /// What waits for its reader takes memory and descriptors: nothing should be started for now.
  virtual bool is_full() const { return false; }
  /// Output should be left in the pipes for now, where the commands notice.
  virtual bool holds_back_output() const { return false; }
  /// Nothing waits for its reader: the fleet may end.
  virtual bool is_empty() const { return true; }
  /// An errno: why something was not taken (a full disk). 0: nothing else than a stream that is closed.
  virtual int error() const { return 0; }
};

}  // namespace nslaunch::run
