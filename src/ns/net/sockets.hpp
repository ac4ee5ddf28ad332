#pragma once

#include <vector>

#include "ns/net/socket.hpp"
#include "sys/base/fd.hpp"

namespace nslaunch::ns {

/// Every TCP, UDP (v4 and v6) and Unix socket of the caller's network namespace, each of several
/// that share one port through SO_REUSEPORT included. Throws Error.
std::vector<Socket> list_sockets();

/// Only those that listen on TCP, of both families. By the request that is older than the families' own: it
/// alone has the kernel go through the machine's listeners once for both (K35).
std::vector<Socket> list_tcp_listeners();

/// A netlink socket that lists the sockets of the network namespace it was made in, wherever it is used.
/// Empty, with errno, where it can't be had.
sys::Fd open_socket_diagnostics();

/// The same as list_sockets() for that namespace, whose owner may write to the socket: what does not come
/// from the kernel is left out. Throws Error (ETIMEDOUT), as that does, where it is not done in 10 s.
std::vector<Socket> list_sockets(sys::Fd diagnostics);

}  // namespace nslaunch::ns
