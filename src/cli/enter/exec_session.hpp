#pragma once

#include <sys/types.h>

#include <array>
#include <optional>
#include <string>

#include "cli/enter/exec_signals.hpp"
#include "sys/base/fd.hpp"
#include "sys/base/signals.hpp"
#include "sys/io/loop.hpp"
#include "sys/io/pty.hpp"
#include "sys/process/keeper.hpp"

namespace nslaunch::cli {

/// A process in a shard and the caller's streams, from its start to its end. Streams that are terminals are
/// replaced by a pseudoterminal of the process's own, so that its job control is the shard's.
class ExecSession {
 public:
  /// `another`: the other user whose the process is, who can keep it from ending.
  explicit ExecSession(std::optional<uid_t> another);

  /// What the process gets as 0, 1 and 2 and, where there is one, as its terminal.
  std::vector<int> streams() const;
  /// Readable when a signal has come.
  int signals() const noexcept { return signals_.get(); }
  /// Takes what signals have come before there is a process to hand them to: the one that ends us, or 0.
  int ending_signal();
  /// Serves the process that `connection` was asked for. Its wait status; nothing where the shard has ended,
  /// or given_up(). `init`: as we see it, to be named where it does not go on.
  std::optional<int> serve(sys::Fd connection, pid_t init);
  /// The signal that has ended us because it led to nothing in the shard, or 0.
  int given_up() const noexcept { return passed_ ? passed_->given_up() : 0; }

 private:
  void begin_to_watch();
  void wait_for_something();
  void on_terminal(short events);
  void on_signal(int signal);
  void note_hangup();
  void pass_size_on();
  void on_message();
  void read_keys();
  void write_keys();
  void show();
  void close_terminal();
  void show_the_rest();

  /// From before the process is asked for: none may be lost, or meant for us alone.
  sys::BlockedSignals blocked_;
  sys::Fd signals_;
  std::array<bool, 3> is_terminal_;
  std::optional<uid_t> another_;
  /// For the ends of pty_ where another user gets it; the program's till the process has that.
  std::optional<sys::Keeper> user_keeper_;
  std::optional<sys::Keeper> program_keeper_;
  std::optional<sys::Pty> pty_;
  std::optional<sys::RawTerminal> raw_;
  sys::Fd connection_;
  std::string keys_;  ///< typed and not taken yet
  bool typing_ = false;
  bool reads_on_ = false;  ///< though the process takes none
  bool keys_are_lost_ = false;
  bool ended_ = false;
  int size_failures_ = 0;              ///< times that the size could not be passed on
  std::optional<ExecSignals> passed_;  ///< from serve() on
  std::optional<int> status_;
  sys::Loop loop_{"waiting for the process in the shard"};
  sys::Loop::Watch connection_watch_;
  sys::Loop::Watch signals_watch_;
  sys::Loop::Watch terminal_watch_;  ///< of our end of pty_
  sys::Loop::Watch keys_watch_;
  sys::Loop::Timer untaken_;  ///< set while there is no room for more keys
};

}  // namespace nslaunch::cli
