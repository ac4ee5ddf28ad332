#pragma once

namespace nslaunch::ns {

// The shard's loopback. Called by init; both throw Error.

void bring_loopback_up();

/// Returns once 127.0.0.1 carries a datagram (K7: its address appears some time after the link is up, and
/// bind works before) and, if `with_ipv6` and the kernel has IPv6, ::1 can be bound. Gives up after 1 s.
void wait_for_loopback(bool with_ipv6);

}  // namespace nslaunch::ns
