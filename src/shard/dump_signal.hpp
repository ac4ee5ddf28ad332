#pragma once

#include <sys/types.h>

#include <cstddef>

namespace nslaunch::shard {

/// Sends `signal` to every process of the shard that handles it (the others it would end), whatever group or
/// session that is in. `init`: its pid here. Returns how many there were.
std::size_t send_dump_signal(pid_t init, int signal);

}  // namespace nslaunch::shard
