#include "shard/supervise/peer.hpp"

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <utility>

#include "shard/diagnose/explain.hpp"
#include "sys/base/check.hpp"
#include "sys/base/signals.hpp"

namespace nslaunch::shard {
namespace {

/// Messages from init that are queued during a question; it reports some dozens of leaks at most.
constexpr std::size_t kMostUnheard = 4096;
/// For an answer. Many signals in a row to a stopped init must not keep the launcher from its deadlines.
constexpr std::chrono::milliseconds kAnswerTime{1000};
constexpr std::chrono::milliseconds kAnswerTimeOfDeaf{50};
/// Real-time signals count one by one, up to this number.
constexpr std::size_t kMostCounted = 1024;

bool carries_signal(Kind kind) noexcept {
  return kind == Kind::kForward || kind == Kind::kForwardAlone || kind == Kind::kFromTerminal;
}

/// The kernel drops a pending stop when a SIGCONT arrives, and the other way round (signal(7)).
bool are_opposites(int signal, int other) noexcept {
  const auto stops = [](int one) { return one == SIGSTOP || sys::is_stop_signal(one); };
  return (signal == SIGCONT && stops(other)) || (other == SIGCONT && stops(signal));
}

}  // namespace

/// False: there is no room. The pidfd reports that init is gone; next() reports any other error.
bool Peer::try_to_send(const Waiting& what) noexcept {
  const Message message{.kind = what.kind, .code = what.code, .detail = what.question, .payload = {}};
  const bool sent = shard::send(channel_, message);
  if (!sent && errno == EAGAIN) return false;
  if (!sent && errno != EPIPE && errno != ECONNRESET) unsent_ = errno;
  log_.sent(message);
  return true;
}

void Peer::send(Kind kind, int code) {
  send_waiting();
  const Waiting message{kind, code, questions_};
  if (waiting_.empty() && try_to_send(message)) return;
  if (waiting_.empty()) fell_silent_ = true;  // it reads nothing
  log_("init reads nothing, and is told later: {}", describe({.kind = kind, .code = code, .payload = {}}));
  if (kind != Kind::kAskStopped) send_later(message);
}

/// Like signals that are pending, so that their number is limited, and the last of a stop and a continuation
/// is what counts.
void Peer::send_later(const Waiting& message) {
  const bool is_signal = carries_signal(message.kind);
  std::erase_if(waiting_, [&](const Waiting& each) {
    return is_signal && carries_signal(each.kind) && are_opposites(message.code, each.code);
  });
  const bool counts = is_signal && message.code >= SIGRTMIN && waiting_.size() < kMostCounted;
  const auto same = std::ranges::find_if(
      waiting_, [&](const Waiting& each) { return each.kind == message.kind && each.code == message.code; });
  if (same == waiting_.end() || counts) {
    waiting_.push_back(message);
  } else {
    same->question = message.question;
  }
  room_watch_ = loop_.watch(channel_, POLLOUT, [this](short) { send_waiting(); });
}

void Peer::send_waiting() noexcept {
  while (!waiting_.empty() && try_to_send(waiting_.front())) waiting_.pop_front();
  if (waiting_.empty()) room_watch_.end();
}

bool Peer::ask(Kind question, int code) {
  ++questions_;
  send(question, code);
  const sys::Deadline deadline(is_deaf_ ? kAnswerTimeOfDeaf : kAnswerTime);
  while (!deadline.passed()) {
    pollfd watched = {channel_, POLLIN, 0};
    const int ready = ::poll(&watched, 1, deadline.poll_timeout());
    if (ready < 0 && errno != EINTR) return false;
    if (ready == 0) break;
    auto message = receive(channel_, false);
    if (!message && (errno != EAGAIN || (watched.revents & POLLHUP) != 0)) return false;
    if (!message) continue;
    note_life();
    log_.received(*message);
    if (message->kind == Kind::kLog) continue;
    if (inbox_.size() >= kMostUnheard) throw explain_nonsense();
    if (message->kind != Kind::kAnswer) {
      inbox_.push_back(std::move(*message));
    } else if (message->detail == questions_) {
      return message->code != 0;
    }
  }
  fell_silent_ |= !std::exchange(is_deaf_, true);
  return false;
}

void Peer::note_life() noexcept {
  sign_of_life_.reset();
  is_deaf_ = false;
  ++received_;
}

void Peer::expect_sign_of_life(std::chrono::milliseconds limit) {
  if (sign_of_life_) return;
  ++questions_;
  send(Kind::kAskStopped);
  sign_of_life_.emplace(limit);
}

bool Peer::fell_silent() noexcept {
  if (sign_of_life_ && sign_of_life_->passed()) {
    sign_of_life_.reset();
    fell_silent_ = true;
  }
  return std::exchange(fell_silent_, false);
}

int Peer::poll_timeout() const noexcept {
  return sign_of_life_ ? sign_of_life_->poll_timeout() : -1;
}

std::optional<Message> Peer::receive_message() {
  auto message = receive(channel_, false);
  if (message) note_life();
  if (message) log_.received(*message);
  if (!message && (errno == EPROTO || errno == EMSGSIZE)) throw explain_nonsense();
  const bool gone = errno == 0 || errno == ECONNRESET;
  if (!message && !gone && errno != EAGAIN) throw Error(sys::errno_code(errno), "hearing the shard's init");
  return message;
}

std::optional<Message> Peer::next() {
  if (unsent_ != 0) throw Error(sys::errno_code(unsent_), "telling the shard's init");
  if (inbox_.empty()) return receive_message();
  auto message = std::move(inbox_.front());
  inbox_.pop_front();
  return message;
}

}  // namespace nslaunch::shard
