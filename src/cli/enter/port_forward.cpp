#include "cli/common/command.hpp"

#include <nslaunch/client.hpp>
#include <nslaunch/error.hpp>

#include "cli/common/choose.hpp"
#include "cli/common/port_spec.hpp"
#include "cli/common/print.hpp"
#include "sys/base/check.hpp"
#include "sys/base/log.hpp"
#include "sys/base/text.hpp"
#include "sys/io/endpoint.hpp"

namespace nslaunch::cli {
namespace {

constexpr Option kPortForwardOptions[] = {
    {"to", 0, "ADDRESS", "connect to this address of the shard's (default: 127.0.0.1)"},
    kColorOption,
};

/// The process that starts us reads these lines first.
void print_routes(const std::vector<PublishedPort>& ports, const std::string& to) {
  std::string routes;
  for (const auto& port : ports) {
    routes += fmt::format("{}\t{}\n", sys::endpoint_name(port.host, port.port),
                          sys::endpoint_name(to, port.shard_port));
  }
  print(routes, "writing what is forwarded");
}

int run_port_forward(const Arguments& arguments) {
  if (arguments.positional.size() < 2 || arguments.has_separator) {
    throw UsageError("which shard, and which port?", "for example: nslaunch port-forward ID 8080:9926");
  }
  const auto to = arguments.text("to", "127.0.0.1");
  if (!sys::is_address(to))
    throw UsageError(fmt::format("--to: '{}' is no address in numbers", sys::escape(to)));
  const auto shard = choose_shards({arguments.positional.data(), 1}).front();
  std::vector<PublishedPort> ports;
  for (std::size_t at = 1; at < arguments.positional.size(); ++at)
    ports.push_back(parse_published_port(arguments.positional[at]));
  Messages messages;
  messages.warning = sys::warn;
  forward_ports(
      shard, ports, to, [&](const auto& listening) { print_routes(listening, to); }, messages);
  sys::say(fmt::format("shard {} has ended", sys::escape(shard.record.id)));
  return 0;
}

}  // namespace

const Command& port_forward_command() {
  static constexpr Command kCommand{
      "port-forward",
      "port-forward [--to ADDRESS] ID|NAME [HOST:]PORT[:SHARDPORT]...",
      "reach a server in a shard from outside",
      "nslaunch port-forward 0bad 8080:9926",
      [] { return std::span<const Option>(kPortForwardOptions); },
      run_port_forward,
      Takes::kShards,
  };
  return kCommand;
}

}  // namespace nslaunch::cli
