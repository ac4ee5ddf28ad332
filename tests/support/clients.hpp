#pragma once

#include <cstdint>
#include <string>

#include "sys/base/fd.hpp"

namespace nslaunch::test {

/// All that comes until the end, or "reset".
std::string read_all(const sys::Fd& socket);

/// What comes back for `text` and the end of it.
std::string answer_to(const sys::Fd& socket, const std::string& text);

void close_with_reset(sys::Fd socket);

/// For tests that are many clients at once.
void open_as_many_as_allowed();

/// The port that a socket is bound to.
std::uint16_t port_of(const sys::Fd& socket);

}  // namespace nslaunch::test
