#include "run/client/exec_signals.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>

#include "inspect/hang/standstill.hpp"
#include "sys/base/check.hpp"

namespace nslaunch::run {
namespace {

/// Init answers at once, unless it makes no progress.
constexpr std::chrono::seconds kSignOfLife{2};

/// How long another user's process may take to end before we report that it has not.
constexpr std::chrono::seconds kEndLimit{3};

/// Ctrl-C is typed into a shell or an editor for other reasons, too; those meant for us come in quick
/// succession.
constexpr std::chrono::seconds kBetweenKeys{10};
constexpr std::size_t kFewestKeys = 2;

bool is_to_end(int signal) noexcept {
  return signal == SIGINT || signal == SIGTERM || signal == SIGHUP || signal == SIGQUIT;
}

}  // namespace

/// A signal that is to end the process is followed by a question to init.
bool ExecSignals::pass(int signal) {
  forget_keys_of_long_ago();
  const bool ends = is_to_end(signal);
  if (ends && (silent_ || told_)) return give_up(signal);
  if (ends) await_end(true);
  const bool sent =
      shard::send(target_.connection, {.kind = shard::Kind::kForward, .code = signal, .payload = {}}) &&
      (!ends || ask_for_sign_of_life());
  // If the shard is gone, its last messages are still to be read; if it takes nothing, that is detected.
  return sent || errno == EPIPE || errno == ECONNRESET || errno == EAGAIN;
}

/// How the process reacts is its own affair, as long as its init makes progress and its user is ours.
bool ExecSignals::interrupts_typed(std::size_t count) {
  forget_keys_of_long_ago();
  if (silent_ || told_) return give_up(SIGINT);
  keys_ += count;
  last_key_ = sys::Clock::now();
  await_end(false);
  ask_for_sign_of_life();  // if the shard is gone, its end is noticed anyway
  return true;
}

void ExecSignals::hung_up() {
  hung_up_ = true;
  if (silent_ || told_) given_up_ = SIGHUP;
  await_end(true);
}

void ExecSignals::take(const shard::Message& answer) {
  // Accept no other answer: an init that sends answers unasked would keep every signal from ending us.
  if (answer.detail != question_) return;
  sign_of_life_.reset();
  silent_ = false;
}

bool ExecSignals::give_up(int signal) noexcept {
  given_up_ = signal;
  return false;
}

/// Detects an init that makes no progress. Returns false, with errno set, if it could not be asked.
bool ExecSignals::ask_for_sign_of_life() {
  if (sign_of_life_) return true;
  sign_of_life_.emplace(kSignOfLife);
  return shard::send(target_.connection, {.kind = shard::Kind::kAskStopped,
                                          .code = shard::kControlVersion,
                                          .detail = ++question_,
                                          .payload = {}});
}

/// Init may answer and yet have passed nothing on, or the process's user may have stopped the process.
void ExecSignals::await_end(bool by_signal) {
  signalled_ = signalled_ || by_signal;
  if (target_.is_anothers && !end_) end_.emplace(kEndLimit);
}

void ExecSignals::forget_keys_of_long_ago() noexcept {
  if (signalled_ || sys::Clock::now() - last_key_ < kBetweenKeys) return;
  keys_ = 0;
  told_ = false;
  end_.reset();
}

bool ExecSignals::end_is_due() const noexcept {
  return end_ && !told_ && !silent_ && (signalled_ || keys_ >= kFewestKeys);
}

int ExecSignals::poll_timeout() const noexcept {
  const int answer = sign_of_life_ ? sign_of_life_->poll_timeout() : -1;
  const int end = end_is_due() ? end_->poll_timeout() : -1;
  return answer < 0 || end < 0 ? std::max(answer, end) : std::min(answer, end);
}

void ExecSignals::warn_if_due() {
  if (sign_of_life_ && sign_of_life_->passed()) warn_of_silence();
  if (end_is_due() && end_->passed()) warn_of_no_end();
}

const char* ExecSignals::what_ends_exec(const char* on_terminal) const noexcept {
  if (hung_up_) return "the terminal has been closed: this exec ends";
  return target_.on_terminal ? on_terminal : "one more signal ends this exec";
}

void ExecSignals::warn_of_silence() {
  sign_of_life_.reset();
  silent_ = true;
  if (hung_up_) given_up_ = SIGHUP;
  const auto why = inspect::reason_for_silence(target_.init);
  warn_(fmt::format("the shard's init has not passed the signal on{}\n{}{}", why ? ": " + why->what : "",
                    why ? why->remedy + "; " : "",
                    what_ends_exec("one more Ctrl-C, or signal, ends this exec")));
}

void ExecSignals::warn_of_no_end() {
  told_ = true;
  if (hung_up_) given_up_ = SIGHUP;
  last_key_ = sys::Clock::now();
  warn_(fmt::format("the process in the shard, another user's, has not ended of it\n{}",
                    what_ends_exec(signalled_ ? "one more Ctrl-C, or signal, ends this exec"
                                              : "one more Ctrl-C within 10 s, or signal, ends this exec")));
}

}  // namespace nslaunch::run
