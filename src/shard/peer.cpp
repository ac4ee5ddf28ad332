#include "shard/peer.hpp"

#include <poll.h>

#include "sys/clock.hpp"

namespace nslaunch::shard {

void Peer::tell(Kind kind, int code) const noexcept {
  send(channel_, {.kind = kind, .code = code, .detail = questions_, .payload = {}});
}

bool Peer::ask(Kind question, int code) {
  ++questions_;
  tell(question, code);
  const sys::Deadline deadline(std::chrono::seconds{1});
  for (;;) {
    pollfd watched = {channel_, POLLIN, 0};
    if (::poll(&watched, 1, deadline.poll_timeout()) == 0) return false;
    auto message = receive(channel_, false);
    if (!message && (watched.revents & POLLHUP) != 0) return false;
    if (!message) continue;
    if (message->kind != Kind::kAnswer) {
      inbox_.push_back(std::move(*message));
    } else if (message->detail == questions_) {
      return message->code != 0;
    }
  }
}

std::optional<Message> Peer::next() {
  if (inbox_.empty()) {
    auto message = receive(channel_, false);
    // The answer to a question that was given up.
    while (message && message->kind == Kind::kAnswer) message = receive(channel_, false);
    return message;
  }
  auto message = std::move(inbox_.front());
  inbox_.pop_front();
  return message;
}

}  // namespace nslaunch::shard
