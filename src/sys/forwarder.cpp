#include "sys/forwarder.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>

#include "sys/check.hpp"

namespace nslaunch::sys {
namespace {

constexpr std::uint32_t kEdges = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;

/// The bytes come as the peer has sent them; nothing is gained by holding small ones back.
void pass_on_at_once(int socket) {
  constexpr int kOn = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &kOn, sizeof kOn);
}

}  // namespace

Forwarder::Forwarder() : epoll_(check(::epoll_create1(EPOLL_CLOEXEC), "watching connections")) {}

void Forwarder::watch(int descriptor, std::uint32_t events) const {
  epoll_event event = {.events = events, .data = {.fd = descriptor}};
  check(::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, descriptor, &event), "watching a connection");
}

void Forwarder::add(Way way) {
  const int listener = way.listener.get();
  watch(listener, EPOLLIN | EPOLLET);
  ways_.insert_or_assign(listener, std::move(way));
}

void Forwarder::run_until(int end) {
  watch(end, EPOLLIN);
  std::array<epoll_event, 64> events;
  for (;;) {
    const int count = ::epoll_wait(epoll_.get(), events.data(), events.size(), busy_.empty() ? -1 : 0);
    if (count < 0 && errno != EINTR) check(count, "waiting for connections");
    for (int at = 0; at < count; ++at) {
      const auto& event = events[static_cast<std::size_t>(at)];
      if (event.data.fd == end) return;
      act(event.data.fd);
    }
    serve_busy();
  }
}

void Forwarder::act(int descriptor) {
  if (const auto way = ways_.find(descriptor); way != ways_.end()) {
    take_in(way->second);
    return;
  }
  const auto found = links_.find(descriptor);
  if (found == links_.end()) return;  // closed by an event that came with this one
  const auto link = found->second;
  serve(*link);
}

/// Where descriptors run out the rest waits in the backlog, until a connection has gone.
void Forwarder::take_in(const Way& way) {
  for (;;) {
    Fd client(::accept4(way.listener.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (client) {
      join(way, std::move(client));
    } else if (errno != ECONNABORTED && errno != EINTR) {
      starved_ = starved_ || errno != EAGAIN;
      return;
    }
  }
}

void Forwarder::join(const Way& way, Fd client) {
  pass_on_at_once(client.get());
  Fd target = way.connect();
  const bool reached = static_cast<bool>(target);
  if (reached) pass_on_at_once(target.get());
  const auto link = std::make_shared<Link>(std::move(client), std::move(target), pipes_, way);
  if (!reached) {
    link->relay.reset();
    return;
  }
  links_.emplace(link->relay.one(), link);
  links_.emplace(link->relay.other(), link);
  watch(link->relay.one(), kEdges);
  watch(link->relay.other(), kEdges);
}

void Forwarder::serve(Link& link) {
  switch (link.relay.pump()) {
    case Relay::State::kDone:
      if (link.relay.error() == ECONNREFUSED) link.way.refused();
      close(link);
      break;
    case Relay::State::kBusy:
      busy_.push_back(links_.at(link.relay.one()));
      break;
    case Relay::State::kWaits:
      break;
  }
}

void Forwarder::serve_busy() {
  for (const auto& each : std::exchange(busy_, {})) {
    if (const auto link = each.lock()) serve(*link);
  }
}

void Forwarder::close(const Link& link) {
  links_.erase(link.relay.other());
  links_.erase(link.relay.one());
  if (!std::exchange(starved_, false)) return;
  for (const auto& [listener, way] : ways_) take_in(way);
}

}  // namespace nslaunch::sys
