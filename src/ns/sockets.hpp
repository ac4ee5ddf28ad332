#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "sys/fd.hpp"

namespace nslaunch::ns {

enum class Protocol { kTcp, kUdp, kUnix };

struct Socket {
  Protocol protocol = Protocol::kTcp;
  bool listening = false;   ///< TCP and Unix: in LISTEN; UDP: bound and not connected
  bool closing = false;     ///< TCP: one side, or both, have closed it
  std::string local;        ///< "127.0.0.1:9926", "[::]:1883", a path, "@abstract"
  std::string remote;       ///< empty where there is none
  std::uint64_t inode = 0;  ///< what /proc/PID/fd shows as socket:[inode]
  uid_t uid = 0;
  std::uint32_t queued = 0;   ///< LISTEN: connections waiting for accept
  std::uint32_t backlog = 0;  ///< LISTEN: how many may wait
};

/// "tcp", "udp" or "unix".
const char* name_of(Protocol protocol) noexcept;

/// "listens", "closing" or "connected".
const char* state_of(const Socket& socket) noexcept;

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
