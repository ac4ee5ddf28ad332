#pragma once

#include <netlink/errno.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <nslaunch/error.hpp>

#include <memory>

#include "ns/net/netlink_error.hpp"

namespace nslaunch::ns {

struct NlFree {
  void operator()(nl_sock* socket) const noexcept { nl_socket_free(socket); }
  void operator()(nl_msg* message) const noexcept { nlmsg_free(message); }
};
using NlSocket = std::unique_ptr<nl_sock, NlFree>;
using NlMessage = std::unique_ptr<nl_msg, NlFree>;

/// Returns `result`, or throws Error if libnl reports a failure (a negative number).
inline int check_netlink(int result, const char* doing) {
  if (result < 0) throw Error({-result, netlink_category()}, doing);
  return result;
}

inline NlSocket connect_netlink(int protocol) {
  NlSocket socket(nl_socket_alloc());
  if (!socket) throw Error(std::make_error_code(std::errc::not_enough_memory), "making a netlink socket");
  check_netlink(nl_connect(socket.get(), protocol), "making a netlink socket");
  return socket;
}

}  // namespace nslaunch::ns
