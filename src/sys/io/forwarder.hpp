#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <unordered_map>
#include <vector>

#include "sys/base/fd.hpp"
#include "sys/io/relay.hpp"

namespace nslaunch::sys {

/// Where a Forwarder connects the clients of one port.
struct PortRoute {
  /// A listening, non-blocking socket.
  Fd listener;
  /// Returns a non-blocking socket that is connected or connecting; empty if there is none: the client is
  /// then reset.
  std::function<Fd()> connect;
  /// Called when such a connection is refused.
  std::function<void()> refused;
};

/// Accepts connections and joins each with one that it makes to the target, any number at once, in one
/// thread.
class Forwarder {
 public:
  Forwarder();

  void add(PortRoute route);

  /// handle_events() is due when this is readable, or when it is busy.
  int fd() const noexcept { return epoll_.get(); }
  bool busy() const noexcept { return !busy_.empty() || !crowded_.empty(); }
  /// Handles pending events, at most one turn per connection, and never blocks.
  void handle_events();
  /// Every descriptor that it has open without any connection.
  std::vector<int> descriptors() const;

 private:
  struct Link {
    Link(Fd client, Fd target, PipePool& pipes, const PortRoute& from)
        : relay(std::move(client), std::move(target), pipes), route(from) {}
    Relay relay;
    const PortRoute& route;
  };

  bool watch(int descriptor, std::uint32_t events) const noexcept;
  void act(int descriptor);
  bool has_room() const noexcept;
  void take_in(const PortRoute& route);
  void join(const PortRoute& route, Fd client);
  void serve(Link& link);
  void serve_busy();
  void close(const Link& link);
  void starve() noexcept;
  void feed();

  Fd epoll_;
  PipePool pipes_;
  std::unordered_map<int, PortRoute> routes_;             ///< by listener
  std::unordered_map<int, std::shared_ptr<Link>> links_;  ///< by either socket
  std::vector<std::weak_ptr<Link>> busy_;
  Fd timer_;                  ///< readable when the backlog is to be retried
  std::vector<int> crowded_;  ///< listeners with more clients than a turn accepts
  bool starved_ = false;      ///< clients wait in the backlog for lack of descriptors
};

}  // namespace nslaunch::sys
