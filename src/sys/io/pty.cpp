#include "sys/io/pty.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>

#include "sys/base/check.hpp"

namespace nslaunch::sys {
namespace {

constexpr const char* kDoing = "opening a pseudoterminal";

}  // namespace

Pty open_pty(int like) {
  Pty pty;
  pty.user.reset(check(::open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK), kDoing));
  const int unlocked = 0;
  check(::ioctl(pty.user.get(), TIOCSPTLCK, &unlocked), kDoing);
  // By the descriptor: /dev/pts here may be another instance than the one that it came from.
  pty.program.reset(check(::ioctl(pty.user.get(), TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC), kDoing));
  if (const auto size = window_size(like)) set_window_size(pty.user.get(), *size);
  return pty;
}

std::optional<winsize> window_size(int terminal) noexcept {
  winsize size = {};
  return ::ioctl(terminal, TIOCGWINSZ, &size) == 0 ? std::optional(size) : std::nullopt;
}

void set_window_size(int terminal, const winsize& size) noexcept {
  ::ioctl(terminal, TIOCSWINSZ, &size);
}

void leave_output_alone(int terminal) noexcept {
  termios modes = {};
  if (::tcgetattr(terminal, &modes) != 0) return;
  modes.c_oflag &= ~static_cast<tcflag_t>(OPOST);
  ::tcsetattr(terminal, TCSANOW, &modes);
}

RawTerminal::RawTerminal(int terminal) : terminal_(terminal) {
  termios modes = {};
  if (::tcgetattr(terminal, &modes) != 0) return;
  before_ = modes;
  take_again();
}

RawTerminal::~RawTerminal() {
  // In the background the terminal belongs to another process group, which has set its modes.
  if (before_ && ::tcgetpgrp(terminal_) == ::getpgrp()) ::tcsetattr(terminal_, TCSADRAIN, &*before_);
}

void RawTerminal::take_again() const noexcept {
  if (!before_) return;
  auto modes = *before_;
  ::cfmakeraw(&modes);
  ::tcsetattr(terminal_, TCSADRAIN, &modes);
}

std::size_t RawTerminal::interrupts_among(std::string_view keys) const noexcept {
  const bool means_one = before_ && (before_->c_lflag & ISIG) != 0 && before_->c_cc[VINTR] != _POSIX_VDISABLE;
  if (!means_one) return 0;
  return static_cast<std::size_t>(
      std::count(keys.begin(), keys.end(), static_cast<char>(before_->c_cc[VINTR])));
}

}  // namespace nslaunch::sys
