#include "shard/supervise/peer.hpp"

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "shard/diagnose/explain.hpp"
#include "sys/base/check.hpp"

namespace nslaunch::shard {
namespace {

/// Messages from init that are queued during a question; it reports some dozens of leaks at most.
constexpr std::size_t kMostUnheard = 4096;

}  // namespace

/// False: there is no room. The pidfd reports that init is gone; next() reports any other error.
bool Peer::try_to_send(Kind kind, int code) noexcept {
  const Message message{.kind = kind, .code = code, .detail = questions_, .payload = {}};
  const bool sent = shard::send(channel_, message);
  if (!sent && errno == EAGAIN) return false;
  if (!sent && errno != EPIPE && errno != ECONNRESET) unsent_ = errno;
  log_.sent(message);
  return true;
}

void Peer::send(Kind kind, int code) {
  send_waiting();
  if (waiting_.empty() && try_to_send(kind, code)) return;
  fell_silent_ = true;  // it reads nothing
  log_("init reads nothing, and is told later: {}", describe({.kind = kind, .code = code, .payload = {}}));
  const Waiting message{kind, code};
  if (kind == Kind::kAskStopped || std::ranges::find(waiting_, message) != waiting_.end()) return;
  waiting_.push_back(message);
  room_watch_ = loop_.watch(channel_, POLLOUT, [this](short) { send_waiting(); });
}

void Peer::send_waiting() noexcept {
  while (!waiting_.empty() && try_to_send(waiting_.front().kind, waiting_.front().code)) waiting_.pop_front();
  if (waiting_.empty()) room_watch_.end();
}

bool Peer::ask(Kind question, int code) {
  ++questions_;
  send(question, code);
  const sys::Deadline deadline(std::chrono::seconds{1});
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
  fell_silent_ = true;
  return false;
}

void Peer::note_life() noexcept {
  sign_of_life_.reset();
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
