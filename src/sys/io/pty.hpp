#pragma once

#include <sys/ioctl.h>
#include <termios.h>

#include <optional>
#include <string_view>

#include "sys/base/fd.hpp"

namespace nslaunch::sys {

/// A pseudoterminal. The user's end never waits.
struct Pty {
  Fd user;     ///< what is typed and seen
  Fd program;  ///< what the program has as its terminal
};

/// With the size of `like`, where that is a terminal. Throws Error.
Pty open_pty(int like);

/// Nothing where it is no terminal.
std::optional<winsize> window_size(int terminal) noexcept;
/// Waits for whoever holds the lock on it, who may be anybody that has the terminal (K66).
void set_window_size(int terminal, const winsize& size) noexcept;

/// Passes every key on as it is typed, until the end of the scope. In the background this stops us
/// (SIGTTOU), as it does everybody who changes the terminal's modes there.
class RawTerminal {
 public:
  explicit RawTerminal(int terminal);
  RawTerminal(const RawTerminal&) = delete;
  RawTerminal& operator=(const RawTerminal&) = delete;
  ~RawTerminal();

  /// Once more, after a shell has given the terminal other modes while we were stopped.
  void take_again() const noexcept;
  /// How many of these mean an interrupt in the terminal's own modes (Ctrl-C).
  std::size_t interrupts_among(std::string_view keys) const noexcept;

 private:
  int terminal_;
  std::optional<termios> before_;
};

}  // namespace nslaunch::sys
