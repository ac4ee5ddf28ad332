#pragma once

#include <poll.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "sys/clock.hpp"
#include "sys/fd.hpp"
#include "sys/pty.hpp"
#include "sys/signals.hpp"

namespace nslaunch::cli {

/// A process in a shard and the caller's streams, from its start to its end. Streams that are terminals are
/// replaced by a pseudoterminal of the process's own, so that its job control is the shard's.
class ExecSession {
 public:
  ExecSession();

  /// What the process gets as 0, 1 and 2 and, where there is one, as its terminal.
  std::vector<int> streams() const;
  /// Readable when a signal has come.
  int signals() const noexcept { return signals_.get(); }
  /// Takes what signals have come before there is a process to hand them to: the one that ends us, or 0.
  int ending_signal();
  /// Serves the process that `connection` was asked for. Its wait status; nothing where the shard has ended,
  /// or given_up(). `init`: as we see it, to be named where it does not go on.
  std::optional<int> serve(sys::Fd connection, pid_t init);
  /// The signal that has ended us because init has passed on none, or 0.
  int given_up() const noexcept { return given_up_; }

 private:
  void wait_for_something();
  void on_signal(int signal);
  void hand_on(int signal);
  bool ask_for_sign_of_life();
  void on_interrupt_key();
  void tell_of_silence();
  void on_message();
  void read_keys();
  void write_keys();
  void show();
  void show_the_rest();

  /// From before the process is asked for: none may be lost, or meant for us alone.
  sys::BlockedSignals blocked_;
  sys::Fd signals_;
  std::array<bool, 3> is_terminal_;
  std::optional<sys::Pty> pty_;
  std::optional<sys::RawTerminal> raw_;
  sys::Fd connection_;
  std::string keys_;  ///< typed and not taken yet
  bool typing_ = false;
  bool ended_ = false;
  pid_t init_ = 0;
  std::int32_t question_ = 0;                  ///< the number of the last one to init
  std::optional<sys::Deadline> sign_of_life_;  ///< till when init is to have answered
  bool silent_ = false;                        ///< it has not
  int given_up_ = 0;
  std::optional<int> status_;
};

}  // namespace nslaunch::cli
