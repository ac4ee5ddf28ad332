#pragma once

#include <sys/types.h>
#include <nslaunch/spec.hpp>

#include <cstddef>

namespace nslaunch::shard {

/// Sends `signal` to every process of the shard that handles it (the others it would end), whatever group or
/// session that is in. `init`: its pid here. `user`: who may signal whom it is sent to, where that is another
/// than the caller; may be null. Returns how many there were. Throws Error where nobody can send it.
std::size_t send_dump_signal(pid_t init, int signal, const UserIds* user);

}  // namespace nslaunch::shard
