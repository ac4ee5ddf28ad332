#pragma once

#include <poll.h>

#include <cerrno>

#include "sys/base/clock.hpp"

namespace nslaunch::ns {

/// How long to wait for a namespace slot (user.max_*_namespaces), and how often to retry: the slots of shards
/// that have just ended are freed about 50 ms later (K9).
constexpr std::chrono::milliseconds kSlotLimit{250};
constexpr std::chrono::milliseconds kSlotRetry{10};

/// Repeats a system call that makes namespaces until it succeeds or fails for another reason than a missing
/// slot, for at most kSlotLimit. For callers that have nothing else to do meanwhile.
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
