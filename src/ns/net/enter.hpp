#pragma once

#include <sys/types.h>

#include "sys/base/fd.hpp"
#include "sys/process/pidfd.hpp"

namespace nslaunch::ns {

/// Called outside a shard, with the pid of a process in it: a netlink socket of the shard's network
/// namespace for list_sockets(). A child joins that namespace for a moment, and its user namespace where it
/// is another; it is never in the shard's PID namespace, so it can't hold up the shard's end. Throws Error.
sys::Fd open_socket_diagnostics_of(pid_t pid);

/// Puts the calling process into the network namespace of this one, for good; it must have one thread only.
/// No other namespace is joined, so that who owns this one has no right over the caller. Throws Error, also
/// where it is the caller's own.
void enter_network_of(const sys::Pidfd& process);

}  // namespace nslaunch::ns
