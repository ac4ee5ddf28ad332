#pragma once

#include <string_view>

#include "sys/base/clock.hpp"

namespace nslaunch::sys {

/// Writes `content`, removing from it what has been written, to a file that may have a reader: a FIFO, a
/// socket, a terminal. If the reader has not taken all of it by the deadline, however often it reads a
/// little, gives up with ETIMEDOUT; after the deadline, tries once. Returns 0 or an errno; EPIPE comes with
/// SIGPIPE, unless that is ignored.
int write_patiently(int fd, std::string_view& content, const Deadline& deadline) noexcept;

/// Writes `content` at its reader's pace, but waits for that, if at all, only until SIGHUP, SIGINT, SIGQUIT
/// or SIGTERM is pending, which it leaves so: who has blocked them would otherwise wait for ever. Returns 0
/// or an errno, EINTR if it has given up; EPIPE as above.
int write_unless_ended(int fd, std::string_view content, bool may_wait) noexcept;

}  // namespace nslaunch::sys
