#pragma once

#include <poll.h>

#include <cerrno>

#include "sys/base/clock.hpp"

namespace nslaunch::ns {

/// Makes a system call that makes namespaces until it works or fails otherwise than for want of a slot,
/// for at most 250 ms: those of shards that have just ended come free about 50 ms later (K9).
template <typename Call>
auto when_there_is_room(Call&& call) {
  const sys::Deadline deadline(std::chrono::milliseconds{250});
  for (;;) {
    const auto result = call();
    if (result >= 0 || errno != ENOSPC || deadline.passed()) return result;
    ::poll(nullptr, 0, 10);
  }
}

}  // namespace nslaunch::ns
