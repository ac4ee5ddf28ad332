#pragma once

#include <linux/netlink.h>
#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

namespace nslaunch::ns {

enum class Protocol { kTcp, kUdp, kUnix };

struct Socket {
  Protocol protocol = Protocol::kTcp;
  bool listening = false;   ///< TCP and Unix: in LISTEN; UDP: bound and not connected
  bool closing = false;     ///< TCP: one side or both have closed it, or it is not connected
  std::string local;        ///< "127.0.0.1:9926", "[::]:1883", a path, "@abstract"
  std::string remote;       ///< empty if there is none
  std::uint64_t inode = 0;  ///< what /proc/PID/fd shows as socket:[inode]
  uid_t uid = 0;
  std::uint32_t queued = 0;   ///< LISTEN: connections waiting for accept
  std::uint32_t backlog = 0;  ///< LISTEN: how many may wait
};

/// "tcp", "udp" or "unix".
const char* name_of(Protocol protocol) noexcept;

/// "listens", "closing" or "connected".
const char* state_of(const Socket& socket) noexcept;

/// The socket that one message of a dump describes; empty if the message is too short. The message must be
/// complete (NLMSG_OK).
std::optional<Socket> read_socket(nlmsghdr* message, Protocol protocol);

}  // namespace nslaunch::ns
