#pragma once

#include <linux/netlink.h>

#include <optional>

#include "ns/net/socket.hpp"

namespace nslaunch::ns {

/// The socket that one message of a dump tells of; nothing where it is too short to. All of the message is
/// there (NLMSG_OK).
std::optional<Socket> read_socket(nlmsghdr* message, Protocol protocol);

}  // namespace nslaunch::ns
