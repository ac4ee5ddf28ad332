#pragma once

#include <sys/types.h>

#include "sys/base/fd.hpp"
#include "sys/process/pidfd.hpp"

namespace nslaunch::ns {

/// Called outside a shard, with the pid of a process in it: returns a netlink socket of the shard's network
/// namespace for list_sockets(). A child joins that namespace for a moment, and its user namespace if that
/// differs; it is never in the shard's PID namespace, so it can't delay the shard's end. Throws Error.
sys::Fd open_socket_diagnostics_of(pid_t pid);

/// Moves the calling process into the network namespace of `process`, for good; the caller must be
/// single-threaded. No other namespace is joined, so the owner of that one gains no rights over the caller.
/// Throws Error, also if it is the caller's own.
void enter_network_of(const sys::Pidfd& process);

}  // namespace nslaunch::ns
