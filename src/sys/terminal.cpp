#include "sys/terminal.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "sys/signals.hpp"

namespace nslaunch::sys {

Fd open_controlling_terminal() {
  return Fd(::open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK));
}

void take_back_terminal(int terminal, pid_t former_foreground) noexcept {
  const pid_t own = ::getpgrp();
  if (former_foreground != own) return;  // we were in the background: it was never ours to give back
  const pid_t foreground = ::tcgetpgrp(terminal);
  // A group that no process is left in shows as its number still, or as 0 when it was of a
  // namespace that is gone (K22). One that we may not signal (sudo's) is there.
  const bool gone = foreground <= 0 || (::kill(-foreground, 0) != 0 && errno == ESRCH);
  if (foreground == own || !gone) return;
  // tcsetpgrp from a background group raises SIGTTOU, which stops us unless it is blocked.
  SignalSet background_write;
  background_write.add(SIGTTOU);
  const BlockedSignals blocked(background_write);
  ::tcsetpgrp(terminal, own);
}

}  // namespace nslaunch::sys
