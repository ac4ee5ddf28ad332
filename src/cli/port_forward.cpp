#include "cli/port_forward.hpp"

#include <sys/resource.h>
#include <unistd.h>
#include <nslaunch/error.hpp>

#include <csignal>
#include <memory>

#include "cli/choose.hpp"
#include "cli/port_spec.hpp"
#include "ns/endpoint.hpp"
#include "registry/control.hpp"
#include "shard/visit.hpp"
#include "sys/check.hpp"
#include "sys/files.hpp"
#include "sys/forwarder.hpp"
#include "sys/log.hpp"
#include "sys/text.hpp"

namespace nslaunch::cli {
namespace {

constexpr Option kOptions[] = {
    {"to", 0, "ADDRESS", "connect to this address of the shard's (default: 127.0.0.1)"},
    kColorOption,
};

std::string shown(const std::string& address, unsigned port) {
  const bool v6 = address.find(':') != std::string::npos;
  return fmt::format("{}{}{}:{}", v6 ? "[" : "", address, v6 ? "]" : "", port);
}

sys::Fd listen_outside(const PortSpec& spec) {
  auto listener = ns::listen_tcp(spec.host, spec.port);
  if (!listener) {
    throw Error(
        sys::errno_code(errno), fmt::format("listening on {}", shown(spec.host, spec.port)),
        "Port 0 takes any that is free: nslaunch port-forward ID 0:" + std::to_string(spec.shard_port));
  }
  return listener;
}

/// What is asked of the shard's init for each client.
sys::Way way_into(const ShardEntry& shard, const std::shared_ptr<sys::Fd>& control,
                  const shard::SocketRequest& request, sys::Fd listener) {
  const auto where =
      fmt::format("{} in shard {}", shown(request.address, request.port), sys::escape(shard.record.id));
  const auto connect = [=]() -> sys::Fd {
    try {
      return shard::ask_for_socket(*control, request);
    } catch (const Error& error) {
      sys::warn(error.what());
      return {};
    }
  };
  const auto refused = [where, told = false]() mutable {
    if (!std::exchange(told, true))
      sys::warn(fmt::format("nobody listens on {}: its clients are reset", where));
  };
  return {std::move(listener), connect, refused};
}

void prepare_process() {
  ::signal(SIGPIPE, SIG_IGN);  // a client that has gone is no news
  rlimit files = {};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return;
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
}

int run(const Arguments& arguments) {
  if (arguments.positional.size() < 2 || arguments.has_separator) {
    throw UsageError("which shard, and which port?", "for example: nslaunch port-forward ID 8080:9926");
  }
  const auto to = arguments.text("to", "127.0.0.1");
  if (!ns::is_address(to))
    throw UsageError(fmt::format("--to: '{}' is no address in numbers", sys::escape(to)));
  const auto shard = choose_shards({arguments.positional.data(), 1}).front();
  const auto control = std::make_shared<sys::Fd>(registry::Controls().connect(shard));
  prepare_process();
  sys::Forwarder forwarder;
  std::string ways;
  for (std::size_t at = 1; at < arguments.positional.size(); ++at) {
    const auto spec = parse_port_spec(arguments.positional[at]);
    auto listener = listen_outside(spec);
    ways += fmt::format("{}\t{}\n", shown(spec.host, ns::port_of(listener)), shown(to, spec.shard_port));
    forwarder.add(way_into(shard, control, {shard::SocketRequest::Kind::kConnected, to, spec.shard_port},
                           std::move(listener)));
  }
  // Once they can be used: who starts us reads these lines first.
  if (const int error = sys::write_all(STDOUT_FILENO, ways); error != 0) {
    throw Error(sys::errno_code(error), "writing what is forwarded");
  }
  forwarder.run_until(control->get());
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
      [] { return std::span<const Option>(kOptions); },
      run,
      Takes::kShards,
  };
  return kCommand;
}

}  // namespace nslaunch::cli
