#pragma once

#include <termios.h>

#include <optional>
#include <string_view>

#include "sys/fd.hpp"

namespace nslaunch::sys {

/// A pseudoterminal. The user's end never waits.
struct Pty {
  Fd user;     ///< what is typed and seen
  Fd program;  ///< what the program has as its terminal
};

/// With the size of `like`, where that is a terminal. Throws Error.
Pty open_pty(int like);

/// Gives `to` the window size that `from` has.
void copy_window_size(int from, int to) noexcept;

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
