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
  std::string local;        ///< "127.0.0.1:9926", "[::]:1883", a path, "@abstract"
  std::string remote;       ///< empty where there is none
  std::uint64_t inode = 0;  ///< what /proc/PID/fd shows as socket:[inode]
  uid_t uid = 0;
  std::uint32_t queued = 0;   ///< LISTEN: connections waiting for accept
  std::uint32_t backlog = 0;  ///< LISTEN: how many may wait
};

/// Every TCP, UDP (v4 and v6) and Unix socket of the caller's network namespace, each of several
/// that share one port through SO_REUSEPORT included. Throws Error.
std::vector<Socket> list_sockets();

/// The same for the network namespace that a netlink socket of NETLINK_SOCK_DIAG was made in.
std::vector<Socket> list_sockets(sys::Fd diagnostics);

}  // namespace nslaunch::ns
