#include <nslaunch/client.hpp>

#include <poll.h>
#include <unistd.h>
#include <nslaunch/error.hpp>

#include <chrono>
#include <csignal>
#include <utility>

#include "registry/record/control.hpp"
#include "run/single/caller.hpp"
#include "shard/launcher/port_routes.hpp"
#include "sys/base/check.hpp"
#include "sys/base/fd.hpp"
#include "sys/base/text.hpp"
#include "sys/io/endpoint.hpp"
#include "sys/io/forwarder.hpp"
#include "sys/io/loop.hpp"
#include "sys/process/channel.hpp"
#include "sys/process/identity.hpp"

namespace nslaunch {
namespace {

/// In case init has too many clients, or is stopped.
constexpr std::chrono::seconds kConnectLimit{3};

sys::Pidfd init_of(const ShardRecord& record) {
  auto init = sys::find(record.init, record.uid);
  if (!init)
    throw Error(sys::errno_code(ESRCH), fmt::format("reaching shard {}", sys::escape(record.id)),
                "It has just ended.");
  return std::move(*init);
}

/// Forwards until the other end of `connection` is closed.
void forward_until_closed(sys::Forwarder& forwarder, int connection) {
  sys::Loop loop("waiting for connections");
  bool closed = false;
  const auto end = loop.watch(connection, POLLRDHUP, [&](short) { closed = true; });
  const auto work = loop.watch(forwarder.fd(), POLLIN, [&](short) { forwarder.handle_events(); });
  while (!closed) {
    loop.turn(forwarder.busy() ? 0 : -1);
    if (forwarder.busy()) forwarder.handle_events();
  }
}

}  // namespace

void forward_ports(const ShardEntry& shard, std::vector<PublishedPort> ports, const std::string& address,
                   const std::function<void(const std::vector<PublishedPort>&)>& listening,
                   const Messages& messages) {
  run::refuse_threads("forward_ports()");
  if (!sys::is_address(address))
    throw UsageError(fmt::format("'{}' is no address in numbers", sys::escape(address)));
  const auto& record = shard.record;
  const auto control = registry::Controls(sys::Deadline(kConnectLimit)).connect(shard);
  ::signal(SIGPIPE, SIG_IGN);  // a client that has gone is no error
  const sys::DescriptorLimit limit(sys::kEveryDescriptor);
  shard::PortRoutes routes(control, record.init.pid, "shard " + sys::escape(record.id),
                           [&](const std::string& line) {
                             if (messages.warning) messages.warning(line);
                           });
  sys::Forwarder forwarder;
  for (auto& port : ports) {
    auto listener = shard::listen_outside(port, "nslaunch port-forward ID");
    port.port = sys::port_of(listener);
    forwarder.add(routes.to(address, port.shard_port, std::move(listener)));
  }
  if (record.uid == ::geteuid())
    sys::take_descriptors(control, true);
  else
    routes.enter(init_of(record), record.uid);
  if (listening) listening(ports);
  forward_until_closed(forwarder, control.get());
}

}  // namespace nslaunch
