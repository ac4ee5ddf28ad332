#pragma once

namespace nslaunch::test {

/// Sends back what comes, each connection in a process of its own, with its end. Says "up" when it listens
/// (others may, too, on the same port), for port 0 "up PORT", and "reset" for each client that resets.
int echo(const char* address, const char* port);

/// Sends each client "hello" and the end of it, and says what that sends then.
int greet(const char* address, const char* port);

/// A client: sends its input and the end of it, then says what comes. 3 and "reset" where it is reset, 2
/// where it is refused.
int talk(const char* address, const char* port);

/// A client that hears all first, then sends it back.
int hear(const char* address, const char* port);

/// Makes a process group of its own, as timeout(1) does, says "ready", and ends with 5 at SIGUSR1, 6 at
/// SIGINT.
int lead();

}  // namespace nslaunch::test
