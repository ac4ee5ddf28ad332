#pragma once

#include <sys/signalfd.h>
#include <sys/types.h>

#include <optional>

#include "sys/process/pidfd.hpp"

namespace nslaunch::registry {

/// A signal for one of the shards that a launcher has, known by its init.
struct AddressedSignal {
  int signal = 0;
  pid_t init = 0;
};

/// Queues it for the launcher, as a real-time signal: of two ordinary ones that wait, the kernel keeps one
/// (K37). Returns 0 or an errno.
int send_addressed(const sys::Pidfd& launcher, const AddressedSignal& addressed) noexcept;

/// Nothing where the launcher itself is meant.
std::optional<AddressedSignal> read_addressed(const signalfd_siginfo& info) noexcept;

}  // namespace nslaunch::registry
