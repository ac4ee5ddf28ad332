#pragma once

#include "sys/base/fd.hpp"
#include "sys/io/loop.hpp"

namespace nslaunch::sys {

/// One descriptor for all that a loop waits for, readable when a turn that does not wait has something to do:
/// for callers with another kind of event loop.
class LoopDescriptor {
 public:
  /// Throws Error.
  LoopDescriptor();

  int fd() const noexcept { return all_.get(); }
  /// Call whenever what the loop waits for may have changed. `limit`, a timeout for poll(2): when the
  /// descriptor becomes readable in any case. Throws Error.
  void follow(const Loop& loop, int limit);

 private:
  void watch(const Loop::Polled& polled);

  Fd all_;     ///< an epoll descriptor of the two below; always the same
  Fd time_;    ///< a timerfd
  Fd polled_;  ///< another epoll descriptor, of the loop's descriptors
  Loop::Polled watched_{};
};

}  // namespace nslaunch::sys
