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

/// Whatever is done with it fails with EAGAIN instead of waiting.
void never_wait(const Fd& channel) noexcept;

/// Connects a Unix socket and leaves it as never_wait() does. Where so many wait that the peer's queue is
/// full it waits, until `deadline`, where there is one. False with errno; EAGAIN: the queue is full.
bool connect_within(const Fd& socket, const sockaddr_un& address,
                    const std::optional<Deadline>& deadline) noexcept;

/// The process that has called listen(2) or connect(2) on the other side of a Unix socket; nothing, with
/// errno, where it has ended, or before kernel 6.5 (ENOPROTOOPT).
std::optional<Pidfd> peer_of(const Fd& socket) noexcept;

/// Whether the peer can send descriptors; at first it can. One that can't gets EPERM (Linux 6.16; before that
/// this does nothing). Before the peer can reach us: what it has sent already is not affected.
void take_descriptors(const Fd& socket, bool wanted) noexcept;

/// At most so many descriptors travel with one message of ours.
constexpr std::size_t kMostDescriptors = 8;

/// Sends the parts as one message, with copies of the descriptors. Negative with errno where the peer is
/// gone, or would have to be waited for and `channel` does not wait.
ssize_t send_message(int channel, std::span<iovec> parts, std::span<const int> descriptors = {}) noexcept;

/// Takes one message into the parts; what came with it is appended to `descriptors`. Where that is nullptr
/// none may come: EPROTO, and the kernel drops them without asking whoever serves such a file (K54). As
/// recvmsg(2): 0 for a peer that is gone. One that is longer than the parts is EMSGSIZE. Of descriptors that
/// we had no room for all are missing. `flags` may hold MSG_DONTWAIT.
ssize_t receive_message(int channel, std::span<iovec> parts, std::vector<Fd>* descriptors = nullptr,
                        int flags = 0) noexcept;

}  // namespace nslaunch::sys
