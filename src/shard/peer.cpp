#include "shard/peer.hpp"

#include <poll.h>

#include <cerrno>

#include "sys/check.hpp"
#include "sys/clock.hpp"

namespace nslaunch::shard {

void Peer::tell(Kind kind, int code) noexcept {
  const bool sent = send(channel_, {.kind = kind, .code = code, .detail = questions_, .payload = {}});
  // That init has gone is told by its pidfd; anything else by next().
  if (!sent && errno != EPIPE && errno != ECONNRESET) unsent_ = errno;
}

bool Peer::ask(Kind question, int code) {
  ++questions_;
  tell(question, code);
  const sys::Deadline deadline(std::chrono::seconds{1});
  for (;;) {
    pollfd watched = {channel_, POLLIN, 0};
    const int ready = ::poll(&watched, 1, deadline.poll_timeout());
    if (ready == 0 || (ready < 0 && errno != EINTR)) return false;
    auto message = receive(channel_, false);
    if (!message && (errno != EAGAIN || (watched.revents & POLLHUP) != 0)) return false;
    if (!message) continue;
    if (message->kind != Kind::kAnswer) {
      inbox_.push_back(std::move(*message));
    } else if (message->detail == questions_) {
      return message->code != 0;
    }
  }
}

std::optional<Message> Peer::hear() {
  auto message = receive(channel_, false);
  const bool gone = errno == 0 || errno == ECONNRESET;
  if (!message && !gone && errno != EAGAIN) throw Error(sys::errno_code(errno), "hearing the shard's init");
  return message;
}

std::optional<Message> Peer::next() {
  if (unsent_ != 0) throw Error(sys::errno_code(unsent_), "telling the shard's init");
  if (inbox_.empty()) {
    auto message = hear();
    // The answer to a question that was given up.
    while (message && message->kind == Kind::kAnswer) message = hear();
    return message;
  }
  auto message = std::move(inbox_.front());
  inbox_.pop_front();
  return message;
}

}  // namespace nslaunch::shard
