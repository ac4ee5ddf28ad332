#pragma once

#include <sys/wait.h>

#include "shard/init/group_signals.hpp"
#include "shard/plan/plan.hpp"

namespace nslaunch::shard {

/// The command as init sees it: its signals, its stops and its end.
class InitCommand {
 public:
  /// `pid`: a child of the caller's that has not been reaped. The others must outlive this.
  InitCommand(const Plan& plan, GroupSignals& signals, pid_t pid) noexcept
      : plan_(plan), signals_(signals), pid_(pid) {}

  pid_t pid() const noexcept { return pid_; }
  bool is_running() const noexcept { return running_; }
  /// As wait(2) reports it, once the command has ended.
  int wait_status() const noexcept { return wait_status_; }
  /// Whether it is stopped now.
  bool is_stopped();

  void note_stop(bool stopped) noexcept { stopped_ = stopped; }
  void note_end(const siginfo_t& child) noexcept;

  void signal(int signal) const;
  /// Sends a signal that the launcher received, unless the whole group has. Returns whether the group has.
  bool signal_unless_group_had(int signal);
  /// A signal from the terminal, which goes to the whole foreground group.
  void signal_from_terminal(int signal);

 private:
  void signal_own_group(int signal) const;
  bool had_from_terminal(int signal) const;

  const Plan& plan_;
  GroupSignals& signals_;
  pid_t pid_;
  bool running_ = true;
  bool stopped_ = false;
  int wait_status_ = 0;
};

}  // namespace nslaunch::shard
