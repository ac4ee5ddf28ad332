#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string_view>

#include "sys/base/clock.hpp"
#include "sys/base/fd.hpp"

namespace nslaunch::sys {

/// Writes `content`, removing from it what has been written, to a file that may have a reader: a FIFO, a
/// socket, a terminal. If the reader has not taken all of it by the deadline, however often it reads a
/// little, gives up with ETIMEDOUT; after the deadline, tries once. Returns 0 or an errno; EPIPE comes with
/// SIGPIPE, unless that is ignored.
int write_patiently(int fd, std::string_view& content, const Deadline& deadline) noexcept;

/// Writes what the other side takes at once, after poll(2) has called it writable; at most PIPE_BUF bytes
/// unless it is a file or a socket. O_NONBLOCK is not ours to set on a descriptor that others share. Where
/// nothing else keeps a write from blocking (K73), that lasts 20 ms at most. Returns as write(2): EAGAIN if
/// there is no room after all.
ssize_t write_without_blocking(int fd, std::string_view content) noexcept;

/// The terminal behind a descriptor, opened again so that a write never blocks: one that has stopped blocks
/// who writes more than it takes (K38), and flags changed on the caller's own descriptor would affect its
/// other users. Empty if it is no terminal, or can't be opened.
Fd reopen_terminal(int descriptor) noexcept;

/// Writes `content` at its reader's pace, but waits for that for at most `limit`, if there is one, and only
/// until SIGHUP, SIGINT, SIGQUIT or SIGTERM is pending, which it leaves so: who has blocked them would
/// otherwise wait for ever. Ignored ones do not count. Returns 0 or an errno, EINTR or ETIMEDOUT if it has
/// given up; EPIPE as above.
int write_unless_ended(int fd, std::string_view content,
                       std::optional<std::chrono::milliseconds> limit) noexcept;

}  // namespace nslaunch::sys
