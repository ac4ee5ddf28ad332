#pragma once

#include <sys/types.h>
#include <sys/uio.h>
#include <sys/un.h>

#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "sys/base/clock.hpp"
#include "sys/base/fd.hpp"
#include "sys/process/pidfd.hpp"

namespace nslaunch::sys {

/// Two ends of a connection that keeps message boundaries and reports the peer's death as end of
/// file (an eventfd would not).
std::pair<Fd, Fd> make_channel();

/// Makes every operation on it fail with EAGAIN instead of blocking.
void never_wait(const Fd& channel) noexcept;

/// Connects a Unix socket and leaves it non-blocking, as never_wait() does. If the peer's queue is full,
/// waits until `deadline`, if there is one. False with errno set; EAGAIN: the queue is full.
bool connect_within(const Fd& socket, const sockaddr_un& address,
                    const std::optional<Deadline>& deadline) noexcept;

/// The process that called listen(2) or connect(2) on the other side of a Unix socket. Empty, with errno set,
/// if it has ended, or before kernel 6.5 (ENOPROTOOPT).
std::optional<Pidfd> peer_of(const Fd& socket) noexcept;

/// Sets whether the peer can send descriptors; initially it can. A peer that can't gets EPERM (Linux 6.16; no
/// effect before that). Call it before the peer can reach us: what it has already sent is not affected.
void take_descriptors(const Fd& socket, bool wanted) noexcept;

/// The maximum number of descriptors that we send with one message.
constexpr std::size_t kMostDescriptors = 8;

/// Sends the parts as one message, with copies of the descriptors. Negative, with errno set, if the peer is
/// gone, or if the call would block and `channel` is non-blocking.
ssize_t send_message(int channel, std::span<iovec> parts, std::span<const int> descriptors = {}) noexcept;

/// Receives one message into the parts and appends its descriptors to `descriptors`. If that is nullptr, none
/// may come: EPROTO, and the kernel drops them without asking the server of such a file (K54). Returns what
/// recvmsg(2) does: 0 if the peer is gone. EMSGSIZE if the message is longer than the parts. If there is no
/// room for all descriptors, none is returned. `flags` may contain MSG_DONTWAIT.
ssize_t receive_message(int channel, std::span<iovec> parts, std::vector<Fd>* descriptors = nullptr,
                        int flags = 0) noexcept;

}  // namespace nslaunch::sys
