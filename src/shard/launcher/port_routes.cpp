#include "shard/launcher/port_routes.hpp"

#include <poll.h>
#include <sys/fsuid.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "ns/net/enter.hpp"
#include "shard/launcher/control_client.hpp"
#include "sys/base/check.hpp"
#include "sys/io/endpoint.hpp"

namespace nslaunch::shard {
namespace {

/// Init answers at once, unless it has been stopped.
constexpr std::chrono::seconds kAnswerLimit{1};

/// What fails for one client also fails for the next: reported once.
std::function<void()> say_once(const Say& say, const std::string& line) {
  return [say, line, said = false]() mutable {
    if (!std::exchange(said, true)) say(line);
  };
}

/// A socket owned by the user, for anything that checks the owner: root lends its identity to no one.
sys::Fd begin_to_connect_as(uid_t user, const std::string& address, std::uint16_t port) {
  ::setfsuid(user);
  auto socket = sys::begin_to_connect(address, port);
  ::setfsuid(::geteuid());
  return socket;
}

}  // namespace

sys::Fd listen_outside(const PublishedPort& port, const std::string& usage) {
  auto listener = sys::listen_tcp(port.host, port.port);
  if (!listener) {
    throw Error(sys::errno_code(errno), "listening on " + sys::endpoint_name(port.host, port.port),
                fmt::format("Port 0 takes any that is free: {} 0:{}", usage, port.shard_port));
  }
  return listener;
}

void PortRoutes::enter(const sys::Pidfd& init, uid_t owner) {
  ns::enter_network_of(init);
  owner_ = owner;
}

sys::PortRoute PortRoutes::to(const std::string& address, std::uint16_t port, sys::Fd listener) {
  const SocketRequest target = {SocketRequest::Kind::kConnected, address, port};
  const auto nobody = fmt::format("nobody listens on {} in {}: its clients are reset",
                                  sys::endpoint_name(address, port), shard_);
  return {std::move(listener), [this, target] { return connect(target); }, say_once(say_, nobody)};
}

bool PortRoutes::shard_has_ended() const {
  pollfd watched = {connection_.get(), 0, 0};
  return ::poll(&watched, 1, 0) == 1;
}

/// While init is stopped, one client waits for it and the others are reset at once: the launcher may have
/// other work to do.
sys::Fd PortRoutes::connect(const SocketRequest& target) {
  if (owner_) return connect_ourselves(target);
  if (owes_answer_ && !receive(connection_.get(), false) && errno == EAGAIN) return {};
  owes_answer_ = false;
  try {
    return ask_for_socket(connection_, target, {.deadline = sys::Deadline(kAnswerLimit), .init = init_});
  } catch (const Error& error) {
    owes_answer_ = error.code() == sys::errno_code(ETIMEDOUT);
    if (!shard_has_ended() && !std::exchange(told_, true)) say_(error.what());
    return {};
  }
}

/// The owner chooses where this leads: the socket there is the owner's, like one of init's.
sys::Fd PortRoutes::connect_ourselves(const SocketRequest& target) {
  auto socket = begin_to_connect_as(*owner_, target.address, target.port);
  if (!socket && !std::exchange(told_, true)) {
    say_(fmt::format("connecting to {} in {}: {}", sys::endpoint_name(target.address, target.port), shard_,
                     sys::errno_code(errno).message()));
  }
  return socket;
}

sys::PortRoute route_out(const ReachedService& service, sys::Fd listener, uid_t user, const Say& say) {
  const auto name = sys::endpoint_name(service.host, service.port);
  const auto connect = [=, reported = false]() mutable {
    auto socket = begin_to_connect_as(user, service.host, service.port);
    if (!socket && !std::exchange(reported, true)) {
      say(fmt::format("connecting to {}: {}", name, sys::errno_code(errno).message()));
    }
    return socket;
  };
  const auto nobody = fmt::format("nobody listens on {} outside: its clients in the shard are reset", name);
  return {std::move(listener), connect, say_once(say, nobody)};
}

}  // namespace nslaunch::shard
