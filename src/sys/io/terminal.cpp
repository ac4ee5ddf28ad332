#include "sys/io/terminal.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "sys/base/signals.hpp"

namespace nslaunch::sys {

Fd open_controlling_terminal() {
  return Fd(::open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK));
}

namespace {

/// A group without processes still shows as its number, or as 0 if its namespace is gone (K22). One that we
/// may not signal (sudo's) exists.
bool has_gone(pid_t group) noexcept {
  return group <= 0 || (::kill(-group, 0) != 0 && errno == ESRCH);
}

}  // namespace

void take_terminal(int terminal) noexcept {
  // tcsetpgrp from a background group raises SIGTTOU, which stops us unless it is blocked.
  SignalSet background_write;
  background_write.add(SIGTTOU);
  const BlockedSignals blocked(background_write);
  ::tcsetpgrp(terminal, ::getpgrp());
}

void take_back_terminal(int terminal, pid_t former_foreground) noexcept {
  // We were in the background: it was never ours to give back.
  if (former_foreground != ::getpgrp()) return;
  const pid_t foreground = ::tcgetpgrp(terminal);
  if (foreground != ::getpgrp() && has_gone(foreground)) take_terminal(terminal);
}

}  // namespace nslaunch::sys
