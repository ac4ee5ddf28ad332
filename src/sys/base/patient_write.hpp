#pragma once

#include <string_view>

#include "sys/base/clock.hpp"

namespace nslaunch::sys {

/// Writes `content`, removing from it what has been written, to a file that may have a reader: a FIFO, a
/// socket, a terminal. If the reader has not taken all of it by the deadline, however often it reads a
/// little, gives up with ETIMEDOUT; after the deadline, tries once. Returns 0 or an errno; EPIPE comes with
/// SIGPIPE, unless that is ignored.
int write_patiently(int fd, std::string_view& content, const Deadline& deadline) noexcept;

}  // namespace nslaunch::sys
