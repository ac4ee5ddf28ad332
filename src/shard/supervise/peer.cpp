#include "shard/supervise/peer.hpp"

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "shard/diagnose/explain.hpp"
#include "sys/base/check.hpp"

namespace nslaunch::shard {
namespace {

/// Of what init says while it is asked; it has at most some dozens of leaks to tell of.
constexpr std::size_t kMostUnheard = 4096;
/// Of a turn.
constexpr int kMostAnswers = 64;

}  // namespace

/// False: there is no room. That init has gone is told by its pidfd; anything else by next().
bool Peer::try_to_send(Kind kind, int code) noexcept {
  const bool sent = shard::send(channel_, {.kind = kind, .code = code, .detail = questions_, .payload = {}});
  if (!sent && errno == EAGAIN) return false;
  if (!sent && errno != EPIPE && errno != ECONNRESET) unsent_ = errno;
  return true;
}

void Peer::send(Kind kind, int code) {
  send_waiting();
  if (waiting_.empty() && try_to_send(kind, code)) return;
  fell_silent_ = true;  // it reads nothing
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
  if (!message && (errno == EPROTO || errno == EMSGSIZE)) throw explain_nonsense();
  const bool gone = errno == 0 || errno == ECONNRESET;
  if (!message && !gone && errno != EAGAIN) throw Error(sys::errno_code(errno), "hearing the shard's init");
  return message;
}

std::optional<Message> Peer::next() {
  if (unsent_ != 0) throw Error(sys::errno_code(unsent_), "telling the shard's init");
  if (inbox_.empty()) {
    auto message = receive_message();
    // The answer to a question that was given up, or to one that was asked for its own sake.
    for (int left = kMostAnswers; message && message->kind == Kind::kAnswer; --left) {
      if (left == 0) return std::nullopt;  // who talks for ever does not keep us from the rest
      message = receive_message();
    }
    return message;
  }
  auto message = std::move(inbox_.front());
  inbox_.pop_front();
  return message;
}

}  // namespace nslaunch::shard
