#pragma once

#include <sys/types.h>

#include <array>
#include <optional>
#include <string>

#include "run/client/exec_signals.hpp"
#include "run/client/exec_terminal.hpp"
#include "sys/base/fd.hpp"
#include "sys/base/signals.hpp"
#include "sys/io/loop.hpp"
#include "sys/io/pty.hpp"
#include "sys/process/keeper.hpp"

namespace nslaunch::run {

/// A process in a shard and the caller's streams, from its start to its end. Streams that are terminals are
/// replaced by a pseudoterminal of the process's own, so that its job control happens in the shard.
class ExecSession {
 public:
  using Warn = ExecSignals::Warn;

  /// `another`: the owner of the process if that is another user, who can keep it from ending. `warn` must
  /// not throw.
  ExecSession(std::optional<uid_t> another, Warn warn);

  /// What the process gets as 0, 1 and 2 and, if there is one, as its terminal.
  std::vector<int> streams() const;
  /// Readable when a signal has come.
  int signals() const noexcept { return signals_.get(); }
  /// Takes signals that come before there is a process for them. Returns the one that ends us, or 0.
  int ending_signal();
  /// Serves the process that was requested over `connection`. Returns its wait status; empty if the shard has
  /// ended, or given_up(). `init`: its pid as we see it, for messages if it makes no progress.
  std::optional<int> serve(sys::Fd connection, pid_t init);
  /// The signal that has ended us because it had no effect in the shard, or 0.
  int given_up() const noexcept { return passed_ ? passed_->given_up() : 0; }

 private:
  void begin_to_watch();
  void wait_for_something();
  void on_terminal(short events);
  void on_signal(int signal);
  void note_hangup();
  void on_message();
  void read_keys();
  void write_keys();
  void read_output();
  void watch_output(short more);
  void close_terminal();
  void show_the_rest();

  /// Blocked before the process is requested: no signal may be lost, or reach only us.
  sys::BlockedSignals blocked_;
  sys::Fd signals_;
  std::array<bool, 3> is_terminal_;
  std::optional<uid_t> another_;
  Warn warn_;
  /// For the ends of pty_ if another user gets it; the program's end until the process has it.
  std::optional<sys::Keeper> user_keeper_;
  std::optional<sys::Keeper> program_keeper_;
  std::optional<sys::Pty> pty_;
  std::optional<sys::RawTerminal> raw_;
  sys::Fd connection_;
  std::string keys_;                  ///< typed and not yet written to pty_
  std::optional<ExecScreen> screen_;  ///< that shows pty_, also what is left when that is gone
  bool typing_ = false;
  bool reads_on_ = false;  ///< although the process takes no keys
  bool keys_are_lost_ = false;
  bool ended_ = false;
  std::optional<ExecSignals> passed_;  ///< from serve() on
  std::optional<int> status_;
  sys::Loop loop_{"waiting for the process in the shard"};
  std::optional<ExecSize> size_;  ///< as long as there is pty_
  sys::Loop::Watch connection_watch_;
  sys::Loop::Watch signals_watch_;
  sys::Loop::Watch terminal_watch_;  ///< of our end of pty_
  sys::Loop::Watch screen_watch_;
  sys::Loop::Watch keys_watch_;
  sys::Loop::Timer untaken_;  ///< set while there is no room for more keys
};

}  // namespace nslaunch::run
