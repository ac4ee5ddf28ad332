#pragma once

#include <sys/signalfd.h>
#include <sys/types.h>

#include <optional>

#include "sys/process/pidfd.hpp"

namespace nslaunch::registry {

/// A signal for one of a launcher's shards, identified by its init.
struct AddressedSignal {
  int signal = 0;
  pid_t init = 0;
};

/// Queues it for the launcher, as a real-time signal: of two pending ordinary signals, the kernel keeps one
/// (K37). Returns 0 or an errno.
int send_addressed(const sys::Pidfd& launcher, const AddressedSignal& addressed) noexcept;

/// nullopt if the signal is for the launcher itself.
std::optional<AddressedSignal> read_addressed(const signalfd_siginfo& info) noexcept;

}  // namespace nslaunch::registry
