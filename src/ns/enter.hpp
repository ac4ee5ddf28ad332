#pragma once

#include <sys/types.h>

#include "sys/fd.hpp"

namespace nslaunch::ns {

/// Called outside a shard, with the pid of a process in it: a netlink socket of the shard's network
/// namespace for list_sockets(). A child joins that namespace for a moment, and its user namespace where it
/// is another; it is never in the shard's PID namespace, so it can't hold up the shard's end. Throws Error.
sys::Fd open_socket_diagnostics_of(pid_t pid);

}  // namespace nslaunch::ns
