#pragma once

#include <poll.h>

#include <cerrno>

#include "sys/base/clock.hpp"

namespace nslaunch::ns {

/// For how long a slot for a namespace (user.max_*_namespaces) is waited for, and how often it is tried:
/// those of shards that have just ended come free about 50 ms later (K9).
constexpr std::chrono::milliseconds kSlotLimit{250};
constexpr std::chrono::milliseconds kSlotRetry{10};

/// Makes a system call that makes namespaces until it works or fails otherwise than for want of a slot, for
/// at most kSlotLimit. For those who have nothing else to do meanwhile.
template <typename Call>
auto when_a_slot_is_free(Call&& call) {
  const sys::Deadline deadline(kSlotLimit);
  for (;;) {
    const auto result = call();
    if (result >= 0 || errno != ENOSPC || deadline.passed()) return result;
    ::poll(nullptr, 0, static_cast<int>(kSlotRetry.count()));
  }
}

}  // namespace nslaunch::ns
