#pragma once

namespace nslaunch::test {

/// Sends back what comes, each connection in a process of its own, with its end. Says "up" when it listens
/// (others may, too, on the same port), and "reset" for each client that resets.
int echo(const char* address, const char* port);

/// Makes a process group of its own, as timeout(1) does, says "ready", and ends with 5 at SIGUSR1.
int lead();

}  // namespace nslaunch::test
