#pragma once

#include <chrono>
#include <string_view>

namespace nslaunch::sys {

/// Writes `content`, of which it takes off what has been written, to something that may have a reader: a
/// FIFO, a socket, a terminal. One that takes nothing for as long as `limit` is given up with ETIMEDOUT.
/// Returns 0 or an errno; EPIPE comes with SIGPIPE, unless that is ignored.
int write_patiently(int fd, std::string_view& content, std::chrono::milliseconds limit) noexcept;

}  // namespace nslaunch::sys
