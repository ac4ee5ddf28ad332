#pragma once

#include <cstdint>
#include <string>

#include "sys/base/fd.hpp"

namespace nslaunch::test {

/// A socket bound to `address` (v4 or v6 by its look) that listens with `backlog`; port 0 is any.
sys::Fd listen_tcp(const std::string& address, std::uint16_t port, int backlog = 5, bool reuse_port = false);
sys::Fd bind_udp(const std::string& address, std::uint16_t port);
/// `name` is a path, or "@abstract".
sys::Fd listen_unix(const std::string& name, int backlog = 5);
sys::Fd connect_tcp(const std::string& address, std::uint16_t port);

std::uint64_t inode_of(const sys::Fd& fd);

}  // namespace nslaunch::test
