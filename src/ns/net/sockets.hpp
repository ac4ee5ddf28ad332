#pragma once

#include <vector>

#include "ns/net/socket.hpp"
#include "sys/base/fd.hpp"

namespace nslaunch::ns {

/// Every TCP, UDP (v4 and v6) and Unix socket of the caller's network namespace, including each of several
/// that share one port through SO_REUSEPORT. Throws Error.
std::vector<Socket> list_sockets();

/// Only TCP listeners, of both families. Uses the request that is older than the per-family ones: only that
/// makes the kernel traverse the machine's listeners once for both (K35).
std::vector<Socket> list_tcp_listeners();

/// A netlink socket that lists the sockets of the network namespace it was made in, wherever it is used.
/// Empty, with errno set, if it can't be made.
sys::Fd open_socket_diagnostics();

/// The same as list_sockets() for that namespace, whose owner may write to the socket: messages that are not
/// the kernel's are skipped. Throws Error (ETIMEDOUT), as that does, if it takes longer than 10 s.
std::vector<Socket> list_sockets(sys::Fd diagnostics);

}  // namespace nslaunch::ns
