#pragma once

#include <sys/wait.h>

#include "shard/init/group_signals.hpp"
#include "shard/plan/plan.hpp"

namespace nslaunch::shard {

/// The command as init sees it: its signals, its stops and its end.
class InitCommand {
 public:
  /// `pid`: a child of the caller's that has not been reaped. The others must outlive it.
  InitCommand(const Plan& plan, GroupSignals& signals, pid_t pid) noexcept
      : plan_(plan), signals_(signals), pid_(pid) {}

  pid_t pid() const noexcept { return pid_; }
  bool is_running() const noexcept { return running_; }
  /// As wait(2) has it, once it has ended.
  int wait_status() const noexcept { return wait_status_; }
  /// Whether it is, by now.
  bool is_stopped();

  void note_stop(bool stopped) noexcept { stopped_ = stopped; }
  void note_end(const siginfo_t& child) noexcept;

  void signal(int signal) const;
  /// One that the launcher alone may have had, or the whole group with it. Returns whether the group had it.
  bool signal_unless_group_had(int signal);
  /// One of the terminal's, which goes to everybody in front.
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
