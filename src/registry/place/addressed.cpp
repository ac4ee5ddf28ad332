#include "registry/place/addressed.hpp"

#include <csignal>

namespace nslaunch::registry {
namespace {

/// linux/threads.h: PID_MAX_LIMIT is 2^22, so both fit into the number that is queued with the signal.
constexpr int kPidBits = 22;
constexpr int kPidMask = (1 << kPidBits) - 1;

}  // namespace

int send_addressed(const sys::Pidfd& launcher, const AddressedSignal& addressed) noexcept {
  return launcher.queue_signal(SIGRTMIN, (addressed.signal << kPidBits) | addressed.init);
}

std::optional<AddressedSignal> read_addressed(const signalfd_siginfo& info) noexcept {
  const AddressedSignal addressed{.signal = info.ssi_int >> kPidBits, .init = info.ssi_int & kPidMask};
  const bool is_one = static_cast<int>(info.ssi_signo) == SIGRTMIN && info.ssi_code == SI_QUEUE;
  if (!is_one || addressed.signal <= 0 || addressed.signal > SIGRTMAX || addressed.init == 0)
    return std::nullopt;
  return addressed;
}

}  // namespace nslaunch::registry
