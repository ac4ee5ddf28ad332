#include "sys/io/forwarder.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>

#include <array>
#include <cerrno>

#include "sys/base/check.hpp"
#include "sys/base/waiting.hpp"

namespace nslaunch::sys {
namespace {

constexpr std::uint32_t kEdges = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
constexpr int kClientsATurn = 64;  // clients accepted before others have their turn

/// Bytes arrive as the peer sent them; holding small ones back gains nothing.
void pass_on_at_once(int socket) {
  constexpr int kOn = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &kOn, sizeof kOn);
}

}  // namespace

Forwarder::Forwarder()
    : epoll_(check(::epoll_create1(EPOLL_CLOEXEC), "watching connections")),
      timer_(check(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK), "watching connections")) {
  check(watch(timer_.get(), EPOLLIN | EPOLLET) ? 0 : -1, "watching connections");
}

bool Forwarder::watch(int descriptor, std::uint32_t events) const noexcept {
  epoll_event event = {.events = events, .data = {.fd = descriptor}};
  return ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, descriptor, &event) == 0;
}

void Forwarder::add(PortRoute route) {
  const int listener = route.listener.get();
  check(watch(listener, EPOLLIN | EPOLLET) ? 0 : -1, "watching for connections");
  routes_.insert_or_assign(listener, std::move(route));
}

void Forwarder::handle_events() {
  std::array<epoll_event, 64> events;
  const int count =
      check_wait(::epoll_wait(epoll_.get(), events.data(), events.size(), 0), "looking at connections");
  for (int at = 0; at < count; ++at) act(events[static_cast<std::size_t>(at)].data.fd);
  serve_busy();
}

std::vector<int> Forwarder::descriptors() const {
  std::vector<int> descriptors = {epoll_.get(), timer_.get()};
  for (const auto& [listener, route] : routes_) descriptors.push_back(listener);
  return descriptors;
}

void Forwarder::act(int descriptor) {
  if (descriptor == timer_.get()) return feed();
  if (const auto route = routes_.find(descriptor); route != routes_.end()) {
    take_in(route->second);
    return;
  }
  const auto found = links_.find(descriptor);
  if (found == links_.end()) return;  // closed by an earlier event of this turn
  const auto link = found->second;
  serve(*link);
}

/// Whether there are free descriptors for one more connection: its sockets, and a pipe.
bool Forwarder::has_room() const noexcept {
  std::array<Fd, 4> places;
  for (auto& place : places) place.reset(::fcntl(epoll_.get(), F_DUPFD_CLOEXEC, 0));
  return static_cast<bool>(places.back());
}

/// If descriptors run out, the rest waits in the backlog until a connection ends or a while has passed.
void Forwarder::take_in(const PortRoute& route) {
  for (int turn = 0; turn < kClientsATurn; ++turn) {
    if (!has_room()) {
      starve();
      return;
    }
    Fd client(::accept4(route.listener.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (client) {
      join(route, std::move(client));
    } else if (errno != ECONNABORTED && errno != EINTR) {
      if (errno != EAGAIN) starve();
      return;
    }
  }
  crowded_.push_back(route.listener.get());
}

void Forwarder::join(const PortRoute& route, Fd client) {
  pass_on_at_once(client.get());
  Fd target = route.connect();
  const bool reached = static_cast<bool>(target);
  if (reached) pass_on_at_once(target.get());
  const auto link = std::make_shared<Link>(std::move(client), std::move(target), pipes_, route);
  if (!reached || !watch(link->relay.one(), kEdges) || !watch(link->relay.other(), kEdges)) {
    link->relay.reset();
    return;
  }
  links_.emplace(link->relay.one(), link);
  links_.emplace(link->relay.other(), link);
}

void Forwarder::serve(Link& link) {
  switch (link.relay.pump()) {
    case Relay::State::kDone:
      if (link.relay.error() == ECONNREFUSED) link.route.refused();
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
  for (const int listener : std::exchange(crowded_, {})) take_in(routes_.at(listener));
  for (const auto& each : std::exchange(busy_, {})) {
    if (const auto link = each.lock()) serve(*link);
  }
}

void Forwarder::close(const Link& link) {
  links_.erase(link.relay.other());
  links_.erase(link.relay.one());
  feed();
}

void Forwarder::starve() noexcept {
  starved_ = true;
  constexpr itimerspec kAWhile = {{0, 0}, {0, 100'000'000}};
  ::timerfd_settime(timer_.get(), 0, &kAWhile, nullptr);
}

void Forwarder::feed() {
  if (!std::exchange(starved_, false)) return;
  // Not at once: the descriptors of the ending connection are still open.
  for (const auto& [listener, route] : routes_) crowded_.push_back(listener);
}

}  // namespace nslaunch::sys
