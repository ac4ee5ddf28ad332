#pragma once

#include <string_view>

#include "sys/base/clock.hpp"

namespace nslaunch::sys {

/// Writes `content`, of which it takes off what has been written, to something that may have a reader: a
/// FIFO, a socket, a terminal. What such a one has not taken by the deadline, however often it reads a
/// little, is given up with ETIMEDOUT; where that has passed it is asked once. Returns 0 or an errno; EPIPE
/// comes with SIGPIPE, unless that is ignored.
int write_patiently(int fd, std::string_view& content, const Deadline& deadline) noexcept;

}  // namespace nslaunch::sys
