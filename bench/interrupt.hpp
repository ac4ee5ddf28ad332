#pragma once

#include <string>

namespace nslaunch::bench {

/// Thrown after SIGINT, SIGTERM, SIGHUP or SIGPIPE, so that every destructor on the way cleans up.
struct Interrupted {
  int signal = 0;
};

void install_interrupt_handlers();

/// Throws Interrupted if a signal has asked the benchmark to end.
void throw_if_interrupted();

/// Returns `rc`, or throws what errno says about `doing`.
long check(long rc, const std::string& doing);

}  // namespace nslaunch::bench
