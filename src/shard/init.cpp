#include "shard/init.hpp"

#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>

#include "inspect/survivors.hpp"
#include "shard/command.hpp"
#include "shard/fault.hpp"
#include "shard/init_steps.hpp"
#include "shard/mount_watch.hpp"
#include "shard/protocol.hpp"
#include "sys/check.hpp"
#include "sys/clock.hpp"
#include "sys/files.hpp"
#include "sys/procfs.hpp"

namespace nslaunch::shard {
namespace {

constexpr std::size_t kMostLeaksDetailed = 32;

[[noreturn]] void leave() {
  ::_exit(0);
}

void expect(int channel, Kind kind) {
  const auto message = receive(channel);
  if (!message || message->kind != kind) leave();
}

void report_failure(int channel, Step step, int error) {
  send(channel, {.kind = Kind::kFailed, .step = step, .code = error, .payload = {}});
}

/// After this the launcher's death is ours. The order is what makes it so (K1): armed after every
/// change of credentials, then a look at the launcher, which may have died before.
void tie_to_launcher(const Plan& plan, int channel, const sys::Pidfd& launcher) {
  if (plan.rung == Rung::kRootless) expect(channel, Kind::kMapped);
  try {
    fault_point(Step::kTie);
    sys::check(::prctl(PR_SET_PDEATHSIG, SIGKILL), "tying init to the launcher");
  } catch (const Error& error) {
    report_failure(channel, Step::kTie, error.code().value());
    leave();
  }
  if (launcher.has_ended()) leave();
  send(channel, {.kind = Kind::kTied, .payload = {}});
  expect(channel, Kind::kGo);
}

/// Which signals init itself got: those that somebody sent to the whole process group.
class GroupSignals {
 public:
  GroupSignals() {
    sigset_t all;
    ::sigfillset(&all);
    ::sigprocmask(SIG_SETMASK, &all, nullptr);
    signals_ = sys::make_signalfd(sys::SignalSet(all));
  }
  int fd() const { return signals_.get(); }
  void drain() {
    while (const auto info = sys::read_signal(signals_.get())) {
      if (info->ssi_signo >= seen_.size()) continue;
      // The terminal's own Ctrl-C reaches everybody and is never asked about; its hangup is.
      if (info->ssi_code <= 0 || info->ssi_signo == SIGHUP) ++seen_[info->ssi_signo];
    }
  }
  /// Whether there was one since the last call. Of real-time signals, which queue, each counts.
  bool take(int signal) {
    drain();
    auto& count = seen_.at(static_cast<std::size_t>(signal));
    if (count == 0) return false;
    count = signal >= SIGRTMIN ? count - 1 : 0;
    return true;
  }

 private:
  sys::Fd signals_;
  std::array<unsigned, NSIG + 1> seen_{};
};

/// Init once the command runs.
class Init {
 public:
  Init(const Plan& plan, sys::Fd channel, sys::Pidfd launcher, GroupSignals& signals,
       const MountWatch& mounts, pid_t command)
      : plan_(plan),
        channel_(std::move(channel)),
        launcher_(std::move(launcher)),
        signals_(signals),
        command_(command),
        tails_(plan.stdin_pipe),
        mounts_(mounts) {}

  [[noreturn]] void run();

 private:
  void tell(Kind kind, int code = 0, int detail = 0) {
    send(channel_.get(), {.kind = kind, .code = code, .detail = detail, .payload = {}});
  }
  void reap();
  void note(const siginfo_t& child);
  void obey(const Message& message);
  void signal_command(int signal) const;
  void command_ended(const siginfo_t& child);
  bool grace_is_over();
  int poll_timeout() const { return leak_deadline_ ? leak_deadline_->poll_timeout() : -1; }
  [[noreturn]] void finish();

  const Plan& plan_;
  sys::Fd channel_;
  sys::Pidfd launcher_;
  GroupSignals& signals_;
  pid_t command_;
  bool command_running_ = true;
  int status_ = 0;  ///< the command's wait status, once it has ended
  bool end_told_ = false;
  bool command_stopped_ = false;
  bool children_left_ = true;
  bool killing_ = false;
  std::optional<sys::Deadline> leak_deadline_;
  inspect::PipelineTails tails_;
  const MountWatch& mounts_;
};

void Init::signal_command(int signal) const {
  // It can't have been reaped while command_running_, so the pid is still its own.
  if (command_running_) ::kill(plan_.own_process_group ? -command_ : command_, signal);
}

void Init::obey(const Message& message) {
  switch (message.kind) {
    case Kind::kForward:
      signal_command(message.code);
      break;
    case Kind::kForwardAlone: {
      const bool reached_by_group_send = signals_.take(message.code);
      if (!reached_by_group_send) signal_command(message.code);
      tell(Kind::kAnswer, reached_by_group_send ? 1 : 0);
      break;
    }
    case Kind::kAskStopped:
      reap();
      tell(Kind::kAnswer, command_stopped_ ? 1 : 0);
      break;
    case Kind::kKillCommand:
      killing_ = true;
      signal_command(SIGKILL);
      if (leak_deadline_) leak_deadline_.emplace(std::chrono::milliseconds{0});
      break;
    default:
      break;
  }
}

void Init::command_ended(const siginfo_t& child) {
  command_running_ = false;
  status_ = child.si_code == CLD_EXITED ? child.si_status << 8 : child.si_status;
  leak_deadline_.emplace(killing_ ? std::chrono::milliseconds{0} : plan_.spec.leak_grace);
}

void Init::note(const siginfo_t& child) {
  if (child.si_pid != command_ || !command_running_) return;
  switch (child.si_code) {
    case CLD_STOPPED:
      command_stopped_ = true;
      tell(Kind::kStopped, child.si_status);
      break;
    case CLD_CONTINUED:
      command_stopped_ = false;
      break;
    default:
      command_ended(child);
  }
}

/// Takes every change there is: one SIGCHLD may stand for many.
void Init::reap() {
  for (;;) {
    siginfo_t child = {};
    const int result = ::waitid(P_ALL, 0, &child, WEXITED | WSTOPPED | WCONTINUED | WNOHANG);
    if (result < 0 && errno == ECHILD) children_left_ = false;
    if (result < 0 || child.si_pid == 0) return;
    note(child);
  }
}

/// A pipeline's tail that is still moving bytes gets another grace: its output must not be lost.
bool Init::grace_is_over() {
  if (!leak_deadline_ || !leak_deadline_->passed()) return false;
  if (killing_ || !tails_.progressing()) return true;
  leak_deadline_.emplace(std::max(plan_.spec.leak_grace, std::chrono::milliseconds{50}));
  return false;
}

void Init::finish() {
  std::size_t total = 0;
  if (children_left_) {
    for (const auto& leak : inspect::find_survivors(kMostLeaksDetailed, total)) {
      send(channel_.get(), {.kind = Kind::kLeak, .payload = pack(leak)});
    }
  }
  tell(Kind::kFinished, status_, static_cast<int>(total));
  leave();
}

void Init::run() {
  for (;;) {
    reap();
    if (!command_running_ && (!children_left_ || grace_is_over())) finish();
    if (!command_running_ && !std::exchange(end_told_, true)) tell(Kind::kCommandEnded, status_);
    pollfd watched[] = {{signals_.fd(), POLLIN, 0},
                        {channel_.get(), POLLIN, 0},
                        {launcher_.get(), POLLIN, 0},
                        {mounts_.fd(), POLLPRI, 0}};
    if (::poll(watched, std::size(watched), poll_timeout()) < 0) continue;
    if (watched[2].revents != 0) leave();
    if (watched[0].revents != 0) signals_.drain();
    if (watched[1].revents != 0) {
      const auto message = receive(channel_.get());
      if (!message) leave();
      obey(*message);
    }
    if (watched[3].revents != 0) {
      if (const auto lost = mounts_.first_lost()) {
        send(channel_.get(),
             {.kind = Kind::kFailed, .step = Step::kPrivate, .code = ENOENT, .detail = *lost, .payload = {}});
        leave();
      }
    }
  }
}

}  // namespace

void run_init(const Plan& plan, sys::Fd channel, sys::Pidfd launcher) {
  // Nothing may leave by an exception: below us lies a copy of the launcher's stack.
  Step step = Step::kTie;
  try {
    GroupSignals signals;
    tie_to_launcher(plan, channel.get(), launcher);
    Building building{.plan = plan, .channel = channel.get(), .isolation = planned_isolation(plan)};
    if (!build_shard(building)) leave();
    step = Step::kFork;
    fault_point(step);
    StartFailure failure = {Step::kExec, 0};
    const pid_t command = start_command(plan, building.isolation, failure);
    if (command == 0) {
      report_failure(channel.get(), failure.step, failure.error);
      leave();
    }
    send(channel.get(), {.kind = Kind::kStarted, .payload = building.isolation});
    // From here on end of file and SIGPIPE are between the command and the caller. Init never execs, so
    // close-on-exec does nothing for it (K14).
    sys::close_all_except({channel.get(), launcher.get(), signals.fd(), building.mounts.fd()});
    Init(plan, std::move(channel), std::move(launcher), signals, building.mounts, command).run();
  } catch (const Error& error) {
    report_failure(channel.get(), step, error.code().value());
  } catch (...) {
    report_failure(channel.get(), step, ENOMEM);
  }
  leave();
}

}  // namespace nslaunch::shard
