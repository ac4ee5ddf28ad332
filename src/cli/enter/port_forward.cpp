#include "cli/common/command.hpp"

#include <poll.h>
#include <unistd.h>
#include <nslaunch/error.hpp>

#include <csignal>

#include "cli/common/choose.hpp"
#include "cli/common/port_spec.hpp"
#include "ns/net/endpoint.hpp"
#include "registry/record/control.hpp"
#include "shard/launcher/port_routes.hpp"
#include "sys/base/check.hpp"
#include "sys/base/files.hpp"
#include "sys/base/limits.hpp"
#include "sys/base/log.hpp"
#include "sys/base/text.hpp"
#include "sys/io/forwarder.hpp"
#include "sys/io/loop.hpp"
#include "sys/process/channel.hpp"
#include "sys/process/identity.hpp"

namespace nslaunch::cli {
namespace {

/// In case init has too many clients, or is stopped.
constexpr std::chrono::seconds kConnectLimit{3};

constexpr Option kOptions[] = {
    {"to", 0, "ADDRESS", "connect to this address of the shard's (default: 127.0.0.1)"},
    kColorOption,
};

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

int run(const Arguments& arguments) {
  if (arguments.positional.size() < 2 || arguments.has_separator) {
    throw UsageError("which shard, and which port?", "for example: nslaunch port-forward ID 8080:9926");
  }
  const auto to = arguments.text("to", "127.0.0.1");
  if (!ns::is_address(to))
    throw UsageError(fmt::format("--to: '{}' is no address in numbers", sys::escape(to)));
  const auto shard = choose_shards({arguments.positional.data(), 1}).front();
  const auto control = registry::Controls(sys::Deadline(kConnectLimit)).connect(shard);
  ::signal(SIGPIPE, SIG_IGN);  // a client that has gone is no error
  const sys::DescriptorLimit limit(sys::kEveryDescriptor);
  const bool is_ones_own = shard.record.uid == ::geteuid();
  const auto id = sys::escape(shard.record.id);
  shard::PortRoutes routes_in(control, shard.record.init.pid, "shard " + id,
                              [](const std::string& line) { sys::warn(line); });
  sys::Forwarder forwarder;
  std::string routes;
  for (std::size_t at = 1; at < arguments.positional.size(); ++at) {
    const auto port = parse_published_port(arguments.positional[at]);
    auto listener = shard::listen_outside(port, "nslaunch port-forward ID");
    routes += fmt::format("{}\t{}\n", ns::endpoint_name(port.host, ns::port_of(listener)),
                          ns::endpoint_name(to, port.shard_port));
    forwarder.add(routes_in.to(to, port.shard_port, std::move(listener)));
  }
  if (is_ones_own)
    sys::take_descriptors(control, true);
  else
    routes_in.enter(init_of(shard.record), shard.record.uid);
  // Printed once they can be used: the process that starts us reads these lines first.
  if (const int error = sys::write_all(STDOUT_FILENO, routes); error != 0) {
    throw Error(sys::errno_code(error), "writing what is forwarded");
  }
  forward_until_closed(forwarder, control.get());
  sys::say(fmt::format("shard {} has ended", id));
  return 0;
}

}  // namespace

const Command& port_forward_command() {
  static constexpr Command kCommand{
      "port-forward",
      "port-forward [--to ADDRESS] ID|NAME [HOST:]PORT[:SHARDPORT]...",
      "reach a server in a shard from outside",
      "nslaunch port-forward 0bad 8080:9926",
      [] { return std::span<const Option>(kOptions); },
      run,
      Takes::kShards,
  };
  return kCommand;
}

}  // namespace nslaunch::cli
