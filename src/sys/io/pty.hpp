#pragma once

#include <sys/ioctl.h>
#include <termios.h>

#include <optional>
#include <string_view>

#include "sys/base/fd.hpp"

namespace nslaunch::sys {

/// A pseudoterminal. The user's end is non-blocking.
struct Pty {
  Fd user;     ///< what is typed and seen
  Fd program;  ///< the program's terminal
};

/// With the size of `like`, if that is a terminal. Throws Error.
Pty open_pty(int like);

/// Nothing if it is no terminal.
std::optional<winsize> window_size(int terminal) noexcept;
/// Waits for the holder of its lock, which may be any process that has the terminal open (K66).
void set_window_size(int terminal, const winsize& size) noexcept;

/// Output of a process on a pseudoterminal must not be processed twice, here and by the real terminal.
void leave_output_alone(int terminal) noexcept;

/// Sets raw mode, which passes on every key as it is typed, until the end of the scope. In the background
/// this stops us (SIGTTOU), like any process that changes the terminal's modes there.
class RawTerminal {
 public:
  explicit RawTerminal(int terminal);
  RawTerminal(const RawTerminal&) = delete;
  RawTerminal& operator=(const RawTerminal&) = delete;
  ~RawTerminal();

  /// Sets raw mode again, after a shell has changed the terminal's modes while we were stopped.
  void take_again() const noexcept;
  /// How many of `keys` are an interrupt in the terminal's own modes (Ctrl-C).
  std::size_t interrupts_among(std::string_view keys) const noexcept;

 private:
  int terminal_;
  std::optional<termios> before_;
};

}  // namespace nslaunch::sys
