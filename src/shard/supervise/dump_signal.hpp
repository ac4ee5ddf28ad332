#pragma once

#include <sys/types.h>
#include <nslaunch/spec.hpp>

#include <cstddef>

namespace nslaunch::shard {

/// Sends `signal` to every process of the shard that handles it (it would end the others), in any group or
/// session. `init`: its pid here. `user`: the user who may signal these processes, if that is not the caller;
/// may be null. Returns the number of processes it was sent to. Throws Error if it can't be sent.
std::size_t send_dump_signal(pid_t init, int signal, const UserIds* user);

}  // namespace nslaunch::shard
