#pragma once

#include <nslaunch/spec.hpp>

#include <functional>
#include <optional>
#include <string>

#include "shard/wire/protocol.hpp"
#include "sys/base/fd.hpp"
#include "sys/io/forwarder.hpp"
#include "sys/process/pidfd.hpp"

namespace nslaunch::shard {

using Say = std::function<void(std::string)>;

/// Listens on `port`. Throws Error; `usage`: what stands before the port on the command line, for its advice.
sys::Fd listen_outside(const PublishedPort& port, const std::string& usage);

/// Routes for clients outside to servers in a shard: init is asked for a socket per client, so that no
/// process has to enter the shard, unless it is another user's.
class PortRoutes {
 public:
  /// `connection`: a client's, to the shard's `init`; must outlive this, and this the routes. `shard`: how
  /// `say` names the shard.
  PortRoutes(const sys::Fd& connection, pid_t init, std::string shard, Say say)
      : connection_(connection), init_(init), shard_(std::move(shard)), say_(std::move(say)) {}
  PortRoutes(const PortRoutes&) = delete;
  PortRoutes& operator=(const PortRoutes&) = delete;

  /// From now on makes the sockets itself instead of asking init: another user who makes them can keep us
  /// waiting forever (K64). The process, which must have one thread, is in the network of `init` from now on,
  /// and its own listeners must already exist. `owner`: init's. Throws Error.
  void enter(const sys::Pidfd& init, uid_t owner);

  sys::PortRoute to(const std::string& address, std::uint16_t port, sys::Fd listener);

 private:
  sys::Fd connect(const SocketRequest& target);
  sys::Fd connect_ourselves(const SocketRequest& target);
  bool shard_has_ended() const;

  const sys::Fd& connection_;
  pid_t init_;
  std::string shard_;
  Say say_;
  bool owes_answer_ = false;  ///< init has not answered in time
  bool told_ = false;
  std::optional<uid_t> owner_;  ///< of the shard whose network we are in
};

/// A route for clients in a shard, where `listener` listens, to a service outside, which sees the command's
/// user.
sys::PortRoute route_out(const ReachedService& service, sys::Fd listener, uid_t user, const Say& say);

}  // namespace nslaunch::shard
