#pragma once

#include <cstdint>
#include <string>

#include "sys/base/fd.hpp"

namespace nslaunch::sys {

/// Non-blocking TCP sockets of the caller's network namespace. `address` is a numeric v4 or v6 address.
/// Empty, with errno set, if that fails.
Fd listen_tcp(const std::string& address, std::uint16_t port);
/// The connection is made, or has failed (SO_ERROR), when the socket is writable.
Fd begin_to_connect(const std::string& address, std::uint16_t port);

/// The port that a socket is bound to; 0 if there is none.
std::uint16_t port_of(const Fd& socket);

/// Whether these functions accept `address`.
bool is_address(const std::string& address);

/// "127.0.0.1:80", "[::1]:80".
std::string endpoint_name(const std::string& address, std::uint16_t port);

}  // namespace nslaunch::sys
