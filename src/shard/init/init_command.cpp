#include "shard/init/init_command.hpp"

#include <unistd.h>

#include <csignal>

#include "inspect/snapshot/threads.hpp"

namespace nslaunch::shard {

/// A stopped command that SIGTERM and SIGCONT end is never reported as continued, and not as ended before its
/// last thread is gone: only the states of its threads show it (K51).
bool InitCommand::is_stopped() {
  return stopped_ && inspect::is_stopped(pid_).value_or(true);
}

void InitCommand::note_end(const siginfo_t& child) noexcept {
  running_ = false;
  stopped_ = false;
  wait_status_ = child.si_code == CLD_EXITED ? child.si_status << 8 : child.si_status;
}

void InitCommand::signal(int signal) const {
  // It can't have been reaped while it runs, so the pid is still its own.
  if (running_) ::kill(plan_.own_process_group ? -pid_ : pid_, signal);
}

bool InitCommand::signal_unless_group_had(int signal) {
  const bool sent_to_group = signals_.take(signal);
  // A SIGCONT may be outdated: the launcher, which also receives stop signals, decides.
  if (!sent_to_group && signal != SIGCONT) this->signal(signal);
  if (sent_to_group) signal_own_group(signal);
  return sent_to_group;
}

void InitCommand::signal_from_terminal(int signal) {
  signals_.drain();
  // A signal from before init existed has not reached the command, which started later.
  if (had_from_terminal(signal)) {
    signal_own_group(signal);
  } else {
    this->signal(signal);
  }
}

/// For a signal that has reached our group. A command such as timeout(1) makes a group of its own; run
/// directly, as leader of the caller's group, it would have stayed in that, and the signal would have reached
/// it.
void InitCommand::signal_own_group(int signal) const {
  if (!running_ || plan_.own_process_group || !plan_.leads_group) return;
  const bool has_left = ::getpgid(pid_) == pid_ && ::getsid(pid_) == ::getsid(0);
  if (has_left) ::kill(-pid_, signal);
}

/// Whether init has received it, too. A SIGCONT discards a pending SIGTSTP, so init may never see that.
bool InitCommand::had_from_terminal(int signal) const {
  if (plan_.own_process_group || (signal != SIGINT && signal != SIGQUIT && signal != SIGTSTP)) return true;
  return signals_.had().contains(signal) || (signal == SIGTSTP && signals_.had().contains(SIGCONT));
}

}  // namespace nslaunch::shard
