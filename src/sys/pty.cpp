#include "sys/pty.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>

#include "sys/check.hpp"
#include "sys/signals.hpp"

namespace nslaunch::sys {
namespace {

constexpr const char* kDoing = "opening a pseudoterminal";

void set_modes(int terminal, const termios& modes) noexcept {
  // From the background it would stop us; a shell that has put us there keeps its own modes.
  SignalSet background_write;
  background_write.add(SIGTTOU);
  const BlockedSignals blocked(background_write);
  ::tcsetattr(terminal, TCSADRAIN, &modes);
}

}  // namespace

Pty open_pty(int like) {
  Pty pty;
  pty.user.reset(check(::open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK), kDoing));
  const int unlocked = 0;
  check(::ioctl(pty.user.get(), TIOCSPTLCK, &unlocked), kDoing);
  // By the descriptor: whatever is mounted at /dev/pts here need not be where it came from.
  pty.program.reset(check(::ioctl(pty.user.get(), TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC), kDoing));
  copy_window_size(like, pty.user.get());
  return pty;
}

void copy_window_size(int from, int to) noexcept {
  winsize size = {};
  if (::ioctl(from, TIOCGWINSZ, &size) == 0) ::ioctl(to, TIOCSWINSZ, &size);
}

RawTerminal::RawTerminal(int terminal) : terminal_(terminal) {
  termios modes = {};
  if (::tcgetattr(terminal, &modes) != 0) return;
  before_ = modes;
  take_again();
}

RawTerminal::~RawTerminal() {
  if (before_) set_modes(terminal_, *before_);
}

void RawTerminal::take_again() const noexcept {
  if (!before_) return;
  auto modes = *before_;
  ::cfmakeraw(&modes);
  set_modes(terminal_, modes);
}

}  // namespace nslaunch::sys
