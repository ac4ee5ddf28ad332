#pragma once

#include <sys/types.h>
#include <sys/uio.h>

#include <chrono>
#include <span>
#include <utility>
#include <vector>

#include "sys/fd.hpp"

namespace nslaunch::sys {

/// Two ends of a connection that keeps message boundaries and reports the peer's death as end of
/// file (an eventfd would not).
std::pair<Fd, Fd> make_channel();

/// Sending and receiving fail with EAGAIN where the peer keeps them waiting for longer.
void limit_waiting(const Fd& channel, std::chrono::seconds limit) noexcept;

/// At most so many descriptors travel with one message.
constexpr std::size_t kMostDescriptors = 8;

/// Sends the parts as one message, with copies of the descriptors. Negative with errno where the peer is
/// gone, or would have to be waited for and `channel` does not wait.
ssize_t send_message(int channel, std::span<iovec> parts, std::span<const int> descriptors = {}) noexcept;

/// Takes one message into the parts; what came with it is appended to `descriptors`, or closed where that is
/// nullptr. As recvmsg(2): 0 for a peer that is gone. `flags` may hold MSG_DONTWAIT.
ssize_t receive_message(int channel, std::span<iovec> parts, std::vector<Fd>* descriptors = nullptr,
                        int flags = 0) noexcept;

}  // namespace nslaunch::sys
