#include "shard/init/init_loop.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <vector>

#include "inspect/leaks/survivors.hpp"
#include "shard/init/init_command.hpp"
#include "shard/init/leak_grace.hpp"
#include "shard/init/listening.hpp"
#include "shard/plan/users_directory.hpp"
#include "shard/wire/log.hpp"
#include "shard/wire/protocol.hpp"
#include "shard/wire/usage.hpp"
#include "sys/base/check.hpp"
#include "sys/base/signals.hpp"
#include "sys/io/loop.hpp"

namespace nslaunch::shard {
namespace {

constexpr std::size_t kMostLeaksDetailed = 32;
constexpr int kMostChanges = 64;  // per turn: some processes stop and continue all the time

class Init {
 public:
  Init(const Plan& plan, sys::Fd channel, const Duties& duties, pid_t command)
      : plan_(plan),
        channel_(std::move(channel)),
        signals_(duties.signals),
        mounts_(duties.mounts),
        control_(duties.control),
        capture_(duties.capture),
        command_(plan, duties.signals, command),
        grace_(plan.spec.leak_grace, plan.stdin_pipe) {}

  [[noreturn]] void run();

 private:
  void begin_to_watch();
  /// If a message can't be sent, the launcher must not wait for it: init exits, and the shard ends with it.
  void send_to_launcher(const Message& message) {
    if (!send(channel_.get(), message)) ::_exit(errno);
  }
  void send_to_launcher(Kind kind, int code = 0, int detail = 0) {
    send_to_launcher({.kind = kind, .code = code, .detail = detail, .payload = {}});
  }
  template <typename... Args>
  void log(fmt::format_string<Args...> text, Args&&... args) {
    if (!plan_.logging) return;
    send_to_launcher(
        {.kind = Kind::kLog, .payload = pack_log_entry(fmt::format(text, std::forward<Args>(args)...))});
  }
  bool reap();
  void note(const siginfo_t& child);
  void handle(const Message& message);
  void command_ended(const siginfo_t& child);
  void begin_leak_grace();
  void report_end();
  bool nobody_is_left() const;
  bool grace_is_over();
  void wait_for_something(bool has_more);
  void receive_message();
  void look_at_mounts();
  void take_packets();
  [[noreturn]] void finish();

  const Plan& plan_;
  sys::Fd channel_;
  GroupSignals& signals_;
  const MountWatch& mounts_;
  ControlServer& control_;
  std::optional<ns::Capture>& capture_;
  InitCommand command_;
  bool end_reported_ = false;
  bool held_ = false;  ///< the command has ended, and the launcher has not released the shard yet
  bool children_left_ = true;
  LeakGrace grace_;
  sys::Loop loop_{"waiting for what the shard does"};
  sys::Loop::Watch signals_watch_;
  sys::Loop::Watch channel_watch_;
  sys::Loop::Watch mounts_watch_;
  sys::Loop::Watch packets_watch_;
};

/// Signals first: the launcher may ask about one that init has received, too.
void Init::begin_to_watch() {
  signals_watch_ = loop_.watch(signals_.fd(), POLLIN, [this](short) { signals_.drain(); });
  control_.process_started = [this](pid_t process) { log("process {} is started for a client", process); };
  control_.begin(loop_);
  channel_watch_ = loop_.watch(channel_.get(), POLLIN, [this](short) { receive_message(); });
  mounts_watch_ = loop_.watch(mounts_.fd(), POLLPRI, [this](short) { look_at_mounts(); });
  if (capture_) packets_watch_ = loop_.watch(capture_->fd(), POLLIN, [this](short) { take_packets(); });
}

void Init::handle(const Message& message) {
  log("told: {}", describe(message));
  switch (message.kind) {
    case Kind::kForward:
      command_.signal(message.code);
      break;
    case Kind::kForwardAlone:
      send_to_launcher(Kind::kAnswer, command_.signal_unless_group_had(message.code) ? 1 : 0, message.detail);
      break;
    case Kind::kFromTerminal:
      command_.signal_from_terminal(message.code);
      break;
    case Kind::kAskStopped:
      reap();
      // A held shard has nothing in the foreground: a Ctrl-Z is for the launcher.
      send_to_launcher(Kind::kAnswer, command_.is_stopped() || held_ ? 1 : 0, message.detail);
      break;
    case Kind::kKillCommand:
      command_.signal(SIGKILL);
      grace_.skip();
      break;
    case Kind::kLetGo:
      begin_leak_grace();
      break;
    default:
      break;
  }
}

void Init::begin_leak_grace() {
  log("looks for what the command has left running, after the leak grace");
  held_ = false;
  grace_.begin();
}

void Init::command_ended(const siginfo_t& child) {
  command_.note_end(child);
  held_ = plan_.spec.hold_on_failure.has_value();
  if (!held_) begin_leak_grace();
}

void Init::report_end() {
  if (!held_) return send_to_launcher(Kind::kCommandEnded, command_.wait_status());
  send_to_launcher(
      {.kind = Kind::kHeld, .code = command_.wait_status(), .payload = pack(listening_addresses())});
}

void Init::note(const siginfo_t& child) {
  log("{}", describe(child));
  if (child.si_code == CLD_TRAPPED) return sys::untrace(child);
  if (child.si_pid != command_.pid() || !command_.is_running()) {
    if (child.si_code != CLD_STOPPED && child.si_code != CLD_CONTINUED) control_.note_end(child);
    return;
  }
  switch (child.si_code) {
    case CLD_STOPPED:
      command_.note_stop(true);
      send_to_launcher(Kind::kStopped, child.si_status);
      break;
    case CLD_CONTINUED:
      command_.note_stop(false);
      break;
    default:
      command_ended(child);
  }
}

/// Takes the children's changes of state, since one SIGCHLD may stand for many. True: there may be more.
bool Init::reap() {
  for (int change = 0; change < kMostChanges; ++change) {
    siginfo_t child = {};
    // If interrupted, waitid has not looked, and the signal that triggered it is consumed.
    const int result = sys::retry_on_eintr(
        [&] { return ::waitid(P_ALL, 0, &child, WEXITED | WSTOPPED | WCONTINUED | WNOHANG); });
    if (result < 0 && errno == ECHILD) children_left_ = false;
    if (result < 0 && errno != ECHILD) ::_exit(errno);
    if (result < 0 || child.si_pid == 0) return false;
    note(child);
  }
  return true;
}

bool Init::grace_is_over() {
  if (!grace_.has_expired()) return false;
  if (!grace_.extend_for_tails()) return true;
  log("a tail of a pipeline still moves bytes: another grace");
  return false;
}

/// Not counting those that clients have started, which do not keep a shard.
bool Init::nobody_is_left() const {
  if (!children_left_) return true;
  return !control_.sessions().empty() && inspect::survivors_beside(control_.sessions()).empty();
}

void Init::finish() {
  std::size_t total = 0;
  const auto* user = other_user(plan_.spec);
  const auto reader = user != nullptr ? std::optional(user->uid) : std::nullopt;
  if (children_left_) {
    for (const auto& leak : inspect::find_survivors(control_.sessions(), kMostLeaksDetailed, total, reader)) {
      send_to_launcher({.kind = Kind::kLeak, .payload = pack(leak)});
    }
  }
  if (capture_) send_to_launcher({.kind = Kind::kCaptured, .payload = pack(capture_->finish())});
  send_to_launcher({.kind = Kind::kFinished,
                    .code = command_.wait_status(),
                    .detail = static_cast<std::int32_t>(std::min<std::size_t>(total, kUnknownLeaks)),
                    .payload = plan_.spec.measure ? pack(inspect::look_at_unreaped()) : std::string()});
  ::_exit(0);
}

void Init::look_at_mounts() {
  const auto lost = mounts_.first_lost();
  if (!lost) return;
  send_to_launcher(Kind::kMountLost, 0, *lost);
  ::_exit(0);
}

void Init::receive_message() {
  std::vector<sys::Fd> unread;  // of a "go" whose step failed before it was received
  const auto message = receive(channel_.get(), true, &unread);
  if (!message) ::_exit(errno);
  handle(*message);
}

void Init::take_packets() {
  capture_->take();
  if (capture_->fd() < 0) packets_watch_.end();  // it has stopped
}

void Init::wait_for_something(bool has_more) try {
  loop_.turn(has_more ? 0 : grace_.poll_timeout());
} catch (const Error& error) {
  ::_exit(error.code().value());
}

void Init::run() {
  begin_to_watch();
  for (;;) {
    const bool has_more = reap();
    // First: from then on the launcher ensures that a look at what is left can't delay the end forever.
    if (!command_.is_running() && (held_ || children_left_ || capture_) &&
        !std::exchange(end_reported_, true))
      report_end();
    if (!command_.is_running() && !held_ && (nobody_is_left() || grace_is_over())) finish();
    wait_for_something(has_more);
  }
}

}  // namespace

void keep_shard(const Plan& plan, sys::Fd channel, const Duties& duties, pid_t command) {
  Init(plan, std::move(channel), duties, command).run();
}

}  // namespace nslaunch::shard
