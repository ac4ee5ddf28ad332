#pragma once

#include <cstddef>
#include <cstdint>

namespace nslaunch::bench {

/// Which way the bytes go, as the client sees it.
enum class Direction { kToServer, kFromServer };

/// The server that the scenarios reach through a relay: listens on 127.0.0.1 and does what each client asks
/// for. Ends by itself after some minutes, so that nothing can be left behind for long.
int run_as_server(std::uint16_t port);

/// Moves so many bytes over a new connection to 127.0.0.1 and returns when the last one has arrived: at the
/// server, which says so, or here. Throws if a byte is missing, or nothing has moved for 5 s.
void move_bytes(std::uint16_t port, Direction direction, std::uint64_t bytes);

/// A port of 127.0.0.1 that nobody has at the moment.
std::uint16_t free_port();

}  // namespace nslaunch::bench
