#include "run/client/exec_session.hpp"

#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <utility>

#include "shard/launcher/control_client.hpp"
#include "shard/wire/protocol.hpp"
#include "sys/base/clock.hpp"

namespace nslaunch::run {
namespace {

constexpr std::size_t kChunk = 16384;
/// What the process has written before its end arrives soon after it; a background job of the process may
/// keep the terminal open for ever (K28).
constexpr std::chrono::milliseconds kLastWords{500};
/// How long another user's process may take no keys before more are read, to find a Ctrl-C.
constexpr std::chrono::seconds kUntakenLimit{3};
/// The most keys that are kept for it then.
constexpr std::size_t kMostKeys = 1 << 20;

/// Signals that are passed on, and those that concern the terminal.
sys::SignalSet handled_signals() {
  sys::SignalSet set;
  for (const int signal :
       {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGALRM, SIGWINCH, SIGCONT, SIGPIPE}) {
    set.add(signal);
  }
  return set;
}

}  // namespace

ExecSession::ExecSession(std::optional<uid_t> another, Warn warn)
    : blocked_(handled_signals()),
      signals_(sys::make_signalfd(handled_signals())),
      another_(another),
      warn_(std::move(warn)) {
  int first = -1;
  for (int number = 0; number <= 2; ++number) {
    is_terminal_[static_cast<std::size_t>(number)] = ::isatty(number) == 1;
    if (first < 0 && ::isatty(number) == 1) first = number;
  }
  typing_ = is_terminal_[0];
  if (first < 0) return;
  pty_.emplace(sys::open_pty(first));
  screen_.emplace(is_terminal_[1] ? STDOUT_FILENO : is_terminal_[2] ? STDERR_FILENO : STDIN_FILENO);
  size_.emplace(ExecSize::Terminals{.real = first, .own = pty_->user.get()}, another_, warn_, loop_);
  if (!typing_) sys::leave_output_alone(pty_->program.get());
  if (!another_) return;
  user_keeper_.emplace(pty_->user.get(), *another_);
  program_keeper_.emplace(pty_->program.get(), *another_);
}

std::vector<int> ExecSession::streams() const {
  std::vector<int> streams;
  for (int number = 0; number <= 2; ++number) {
    streams.push_back(is_terminal_[static_cast<std::size_t>(number)] ? pty_->program.get() : number);
  }
  if (pty_) streams.push_back(pty_->program.get());
  return streams;
}

int ExecSession::ending_signal() {
  while (const auto info = sys::read_signal(signals_.get())) {
    const int signal = static_cast<int>(info->ssi_signo);
    if (signal == SIGPIPE || signal == SIGWINCH || signal == SIGCONT || sys::is_ignored(signal)) {
      on_signal(signal);
    } else {
      return signal;
    }
  }
  return 0;
}

std::optional<int> ExecSession::serve(sys::Fd connection, pid_t init) {
  connection_ = std::move(connection);
  if (pty_) pty_->program.reset();  // the process has it; our copy would keep it from closing
  program_keeper_.reset();          // and so would this one
  if (typing_) raw_.emplace(STDIN_FILENO);
  passed_.emplace(ExecSignals::Target{connection_.get(), init, another_.has_value(), raw_.has_value()},
                  warn_);
  begin_to_watch();
  while (!ended_) wait_for_something();
  if (screen_) show_the_rest();
  return status_;
}

void ExecSession::begin_to_watch() {
  signals_watch_ = loop_.watch_signals(
      signals_.get(), [this](const auto& info) { on_signal(static_cast<int>(info.ssi_signo)); });
  if (pty_) {
    terminal_watch_ = loop_.watch(pty_->user.get(), POLLIN, [this](short e) { on_terminal(e); });
    screen_watch_ = loop_.watch(screen_->descriptor(), 0, [this](short) { screen_->show(); });
  }
  untaken_ = loop_.timer([this] { reads_on_ = true; });
  if (typing_) keys_watch_ = loop_.watch(STDIN_FILENO, POLLIN, [this](short) { read_keys(); });
  connection_watch_ = loop_.watch(connection_.get(), POLLIN, [this](short) { on_message(); });
}

void ExecSession::wait_for_something() {
  watch_output(keys_.empty() ? 0 : POLLOUT);
  const bool is_full = keys_.size() >= kChunk;
  if (!is_full) {
    untaken_.clear();
    reads_on_ = false;
  } else if (another_ && !untaken_.is_set() && !reads_on_) {
    untaken_.set(sys::Deadline(kUntakenLimit));
  }
  keys_watch_.want(typing_ && (!is_full || reads_on_) ? POLLIN : 0);
  loop_.turn(passed_->poll_timeout());
  passed_->warn_if_due();
  ended_ = ended_ || passed_->given_up() != 0;
}

/// `more`: what else the pseudoterminal is watched for.
void ExecSession::watch_output(short more) {
  if (!screen_) return;
  const bool is_shown = screen_->has_shown_all();
  terminal_watch_.want(static_cast<short>(is_shown ? POLLIN | more : more));
  screen_watch_.want(is_shown ? 0 : POLLOUT);
}

void ExecSession::on_terminal(short events) {
  if ((events & POLLOUT) != 0) write_keys();
  if ((events & (POLLIN | POLLHUP | POLLERR)) != 0 && screen_->has_shown_all()) read_output();
}

void ExecSession::on_signal(int signal) {
  if (signal == SIGPIPE || sys::is_ignored(signal)) return;
  if (signal == SIGHUP) note_hangup();
  if (signal == SIGWINCH) {
    if (size_) size_->changed();
  } else if (signal == SIGCONT) {
    if (raw_) raw_->take_again();
  } else if (!passed_->pass(signal)) {
    ended_ = true;
  }
}

/// The signal may have been sent by another process, and a read also fails in a background process group that
/// has lost its shell. tcgetattr() fails only if the terminal is gone.
void ExecSession::note_hangup() {
  for (int number = 0; number <= 2; ++number) {
    termios modes = {};
    const bool is_gone = is_terminal_[static_cast<std::size_t>(number)] && ::tcgetattr(number, &modes) != 0;
    if (another_ && is_gone) return passed_->hung_up();
  }
}

void ExecSession::on_message() {
  const auto message = shard::receive(connection_.get(), false);
  if (!message) {
    ended_ = errno != EAGAIN;
    if (ended_) shard::check_gone(errno);
    return;
  }
  if (message->kind == shard::Kind::kAnswer) passed_->take(*message);
  if (message->kind != shard::Kind::kCommandEnded) return;
  status_ = message->code;
  ended_ = true;
}

void ExecSession::read_keys() {
  char keys[kChunk];
  const auto count = ::read(STDIN_FILENO, keys, sizeof keys);
  if (count > 0) {
    if (keys_.size() < kMostKeys) {
      keys_.append(keys, static_cast<std::size_t>(count));
    } else if (!std::exchange(keys_are_lost_, true)) {
      warn_("the process in the shard takes no keys: what is typed from here on is lost");
    }
    const auto interrupts = raw_ ? raw_->interrupts_among({keys, static_cast<std::size_t>(count)}) : 0;
    if (interrupts > 0 && !passed_->interrupts_typed(interrupts)) ended_ = true;
  }
  if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR)) {
    typing_ = false;
    note_hangup();
  }
  write_keys();
}

void ExecSession::write_keys() {
  if (!pty_) return;
  const auto count = ::write(pty_->user.get(), keys_.data(), keys_.size());
  if (count <= 0) return;
  keys_.erase(0, static_cast<std::size_t>(count));
  if (untaken_.is_set()) untaken_.set(sys::Deadline(kUntakenLimit));
}

void ExecSession::read_output() {
  char output[kChunk];
  const auto count = ::read(pty_->user.get(), output, sizeof output);
  if (count > 0) screen_->show({output, static_cast<std::size_t>(count)});
  if (count < 0 && errno == EIO) close_terminal();  // no process has it open any more
}

void ExecSession::close_terminal() {
  terminal_watch_.end();
  size_.reset();
  pty_.reset();
  user_keeper_.reset();
}

/// What has been written is shown however slow the screen is, unless a signal that would end us comes, or
/// has.
void ExecSession::show_the_rest() {
  size_.reset();  // there is nobody to see another
  bool is_over = false;
  bool is_late = false;
  auto limit = loop_.timer([&] { is_late = true; });
  limit.set(sys::Deadline(kLastWords));
  connection_watch_.end();
  keys_watch_.end();
  signals_watch_ = loop_.watch(signals_.get(), POLLIN, [&](short) { is_over |= ending_signal() != 0; });
  while ((pty_ || !screen_->has_shown_all()) && !is_over) {
    if (is_late && (screen_->has_shown_all() || given_up() != 0)) break;
    watch_output(0);
    loop_.turn();
  }
  signals_watch_.end();
}

}  // namespace nslaunch::run
