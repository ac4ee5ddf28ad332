#pragma once

#include "sys/base/fd.hpp"
#include "sys/io/loop.hpp"

namespace nslaunch::sys {

/// What a loop waits for as one descriptor, which is readable when the loop is worth a turn that does not
/// wait: for who has an event loop of another kind.
class LoopDescriptor {
 public:
  /// Throws Error.
  LoopDescriptor();

  int fd() const noexcept { return all_.get(); }
  /// Whenever what is waited for may have changed. `limit`, as poll(2) takes it: when it is readable whatever
  /// comes. Throws Error.
  void follow(const Loop& loop, int limit);

 private:
  void watch(const Loop::Polled& polled);

  Fd all_;     ///< an epoll descriptor of the two below; always the same
  Fd time_;    ///< a timerfd
  Fd polled_;  ///< another one, of the loop's descriptors
  Loop::Polled watched_{};
};

}  // namespace nslaunch::sys
