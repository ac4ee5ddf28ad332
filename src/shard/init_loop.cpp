#include "shard/init_loop.hpp"

#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <optional>
#include <vector>

#include "inspect/survivors.hpp"
#include "inspect/threads.hpp"
#include "inspect/unreaped.hpp"
#include "shard/listening.hpp"
#include "shard/protocol.hpp"
#include "shard/usage.hpp"
#include "sys/check.hpp"
#include "sys/clock.hpp"
#include "sys/loop.hpp"

namespace nslaunch::shard {
namespace {

constexpr std::size_t kMostLeaksDetailed = 32;

class Init {
 public:
  Init(const Plan& plan, sys::Fd channel, const Duties& duties, pid_t command)
      : plan_(plan),
        channel_(std::move(channel)),
        signals_(duties.signals),
        mounts_(duties.mounts),
        visitors_(duties.visitors),
        capture_(duties.capture),
        command_(command),
        tails_(plan.stdin_pipe) {}

  [[noreturn]] void run();

 private:
  void begin_to_watch();
  /// A launcher that can't be told must not wait for what it has not heard: we end, and with us the shard.
  void tell(const Message& message) {
    if (!send(channel_.get(), message)) ::_exit(errno);
  }
  void tell(Kind kind, int code = 0, int detail = 0) {
    tell({.kind = kind, .code = code, .detail = detail, .payload = {}});
  }
  void reap();
  void note(const siginfo_t& child);
  void obey(const Message& message);
  void signal_command(int signal) const;
  void signal_own_group(int signal) const;
  bool had_from_terminal(int signal) const;
  bool command_is_stopped();
  void command_ended(const siginfo_t& child);
  void begin_leak_grace();
  void tell_end();
  bool nobody_is_left() const;
  bool grace_is_over();
  void wait_for_something();
  void hear();
  void look_at_mounts();
  void take_packets();
  [[noreturn]] void finish();

  const Plan& plan_;
  sys::Fd channel_;
  GroupSignals& signals_;
  const MountWatch& mounts_;
  Visitors& visitors_;
  std::optional<ns::Capture>& capture_;
  pid_t command_;
  bool command_running_ = true;
  int status_ = 0;  ///< the command's wait status, once it has ended
  bool end_told_ = false;
  bool held_ = false;  ///< the command has ended, and the launcher has not let go yet
  bool command_stopped_ = false;
  bool children_left_ = true;
  bool killing_ = false;
  std::optional<sys::Deadline> leak_deadline_;
  inspect::PipelineTails tails_;
  sys::Loop loop_{"waiting for what the shard does"};
  sys::Loop::Watch signals_watch_;
  sys::Loop::Watch channel_watch_;
  sys::Loop::Watch mounts_watch_;
  sys::Loop::Watch packets_watch_;
};

/// Signals first: what the launcher asks about may have come to us, too.
void Init::begin_to_watch() {
  signals_watch_ = loop_.watch(signals_.fd(), POLLIN, [this](short) { signals_.drain(); });
  visitors_.begin(loop_);
  channel_watch_ = loop_.watch(channel_.get(), POLLIN, [this](short) { hear(); });
  mounts_watch_ = loop_.watch(mounts_.fd(), POLLPRI, [this](short) { look_at_mounts(); });
  if (capture_) packets_watch_ = loop_.watch(capture_->fd(), POLLIN, [this](short) { take_packets(); });
}

void Init::signal_command(int signal) const {
  // It can't have been reaped while command_running_, so the pid is still its own.
  if (command_running_) ::kill(plan_.own_process_group ? -command_ : command_, signal);
}

/// For what has reached our group. A command such as timeout(1) makes a group of its own; where it would have
/// led the caller's already, run directly, that had changed nothing, and the signal would have reached it.
void Init::signal_own_group(int signal) const {
  if (!command_running_ || plan_.own_process_group || !plan_.leads_group) return;
  const bool has_left = ::getpgid(command_) == command_ && ::getsid(command_) == ::getsid(0);
  if (has_left) ::kill(-command_, signal);
}

/// Whether init has had it, too. A SIGCONT takes back what is pending, so that init may never see it.
bool Init::had_from_terminal(int signal) const {
  if (plan_.own_process_group || (signal != SIGINT && signal != SIGQUIT && signal != SIGTSTP)) return true;
  return signals_.had().contains(signal) || (signal == SIGTSTP && signals_.had().contains(SIGCONT));
}

void Init::obey(const Message& message) {
  switch (message.kind) {
    case Kind::kForward:
      signal_command(message.code);
      break;
    case Kind::kForwardAlone: {
      const bool sent_to_group = signals_.take(message.code);
      // A SIGCONT may be history: the launcher, which has heard of stop signals too, tells.
      if (!sent_to_group && message.code != SIGCONT) signal_command(message.code);
      if (sent_to_group) signal_own_group(message.code);
      tell(Kind::kAnswer, sent_to_group ? 1 : 0, message.detail);
      break;
    }
    case Kind::kFromTerminal:
      signals_.drain();
      // One from before init was there has not reached the command, which is younger.
      if (had_from_terminal(message.code)) {
        signal_own_group(message.code);
      } else {
        signal_command(message.code);
      }
      break;
    case Kind::kAskStopped:
      reap();
      // Nothing runs in front of a held shard: a Ctrl-Z is for the launcher.
      tell(Kind::kAnswer, command_is_stopped() || held_ ? 1 : 0, message.detail);
      break;
    case Kind::kKillCommand:
      killing_ = true;
      signal_command(SIGKILL);
      if (leak_deadline_) leak_deadline_.emplace(std::chrono::milliseconds{0});
      break;
    case Kind::kLetGo:
      begin_leak_grace();
      break;
    default:
      break;
  }
}

/// A stopped command that a SIGTERM and a SIGCONT end is never reported as continued, and not as ended before
/// the last of its threads is gone: only its threads themselves tell (K51).
bool Init::command_is_stopped() {
  return command_stopped_ && inspect::is_stopped(command_).value_or(true);
}

void Init::begin_leak_grace() {
  held_ = false;
  leak_deadline_.emplace(killing_ ? std::chrono::milliseconds{0} : plan_.spec.leak_grace);
}

void Init::command_ended(const siginfo_t& child) {
  command_running_ = false;
  command_stopped_ = false;
  status_ = child.si_code == CLD_EXITED ? child.si_status << 8 : child.si_status;
  held_ = plan_.spec.hold_on_failure.has_value();
  if (!held_) begin_leak_grace();
}

void Init::tell_end() {
  if (!held_) return tell(Kind::kCommandEnded, status_);
  tell({.kind = Kind::kHeld, .code = status_, .payload = pack(listening_addresses())});
}

/// A child makes init its tracer (PTRACE_TRACEME), which stops it at each signal till that lets it go (K72).
/// As if nobody had been there: it gets the signal, and is traced no more.
void let_go(const siginfo_t& child) {
  const int stopped_by = child.si_status & 0x7f;  // above it: at which event
  const std::intptr_t signal = stopped_by == SIGTRAP ? 0 : stopped_by;
  ::ptrace(PTRACE_DETACH, child.si_pid, nullptr, signal);
}

void Init::note(const siginfo_t& child) {
  if (child.si_code == CLD_TRAPPED) return let_go(child);
  if (child.si_pid != command_ || !command_running_) {
    if (child.si_code != CLD_STOPPED && child.si_code != CLD_CONTINUED) visitors_.note_end(child);
    return;
  }
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
    // Interrupted, it has not looked, and the signal that told us to is taken.
    const int result = sys::retry_on_eintr(
        [&] { return ::waitid(P_ALL, 0, &child, WEXITED | WSTOPPED | WCONTINUED | WNOHANG); });
    if (result < 0 && errno == ECHILD) children_left_ = false;
    if (result < 0 && errno != ECHILD) ::_exit(errno);
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

/// But for those that visitors have started, who do not keep a shard.
bool Init::nobody_is_left() const {
  if (!children_left_) return true;
  return !visitors_.sessions().empty() && inspect::survivors_beside(visitors_.sessions()).empty();
}

void Init::finish() {
  std::size_t total = 0;
  if (children_left_) {
    for (const auto& leak : inspect::find_survivors(visitors_.sessions(), kMostLeaksDetailed, total)) {
      tell({.kind = Kind::kLeak, .payload = pack(leak)});
    }
  }
  if (capture_) tell({.kind = Kind::kCaptured, .payload = pack(capture_->finish())});
  tell({.kind = Kind::kFinished,
        .code = status_,
        .detail = static_cast<std::int32_t>(std::min<std::size_t>(total, kUnknownLeaks)),
        .payload = plan_.spec.measure ? pack(inspect::look_at_unreaped()) : std::string()});
  ::_exit(0);
}

void Init::look_at_mounts() {
  const auto lost = mounts_.first_lost();
  if (!lost) return;
  tell(Kind::kMountLost, 0, *lost);
  ::_exit(0);
}

void Init::hear() {
  std::vector<sys::Fd> unread;  // of a "go" whose step has failed before it was heard
  const auto message = receive(channel_.get(), true, &unread);
  if (!message) ::_exit(errno);
  obey(*message);
}

void Init::take_packets() {
  capture_->take();
  if (capture_->fd() < 0) packets_watch_.end();  // it has stopped
}

void Init::wait_for_something() try {
  loop_.turn(leak_deadline_ ? leak_deadline_->poll_timeout() : -1);
} catch (const Error& error) {
  ::_exit(error.code().value());
}

void Init::run() {
  begin_to_watch();
  for (;;) {
    reap();
    // First: from then on the launcher sees to it that a look at what is left keeps us from no end.
    if (!command_running_ && (held_ || children_left_ || capture_) && !std::exchange(end_told_, true))
      tell_end();
    if (!command_running_ && !held_ && (nobody_is_left() || grace_is_over())) finish();
    wait_for_something();
  }
}

}  // namespace

void keep_shard(const Plan& plan, sys::Fd channel, const Duties& duties, pid_t command) {
  Init(plan, std::move(channel), duties, command).run();
}

}  // namespace nslaunch::shard
