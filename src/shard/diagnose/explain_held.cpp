#include "shard/diagnose/explain_held.hpp"

#include <sys/wait.h>

#include <set>
#include <string_view>

#include "shard/wire/protocol.hpp"
#include "sys/base/check.hpp"
#include "sys/base/values.hpp"
#include "sys/io/endpoint.hpp"

namespace nslaunch::shard {
namespace {

// The lowest, which omits those that the kernel has chosen: what answers there is unknown.
constexpr std::size_t kMostPorts = 8;
constexpr int kHighestPort = 65535;

struct Address {
  std::string host;
  int port = 0;
};

Address split(const std::string& listening) {
  const auto colon = listening.rfind(':');
  if (colon == std::string::npos) return {};
  std::string host = listening.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  const auto port = unpack_number(std::string_view(listening).substr(colon + 1));
  // The output is meant to be pasted: only an address and a port may get into it.
  if (!sys::is_address(host) || !port || *port < 1 || *port > kHighestPort) return {};
  return {std::move(host), static_cast<int>(*port)};
}

bool answers_on_localhost(const std::string& host) {
  return host == "127.0.0.1" || host == "0.0.0.0" || host == "::";
}

std::string list(const std::set<int>& ports) {
  std::string text;
  std::size_t listed = 0;
  for (auto port = ports.begin(); port != ports.end() && listed < kMostPorts; ++port, ++listed)
    text += fmt::format(" 0:{}", *port);
  return text;
}

/// The line for the servers on 127.0.0.1, or for one that is only on another address; empty if there is none.
std::string port_forward_line(const std::string& id, const std::vector<std::string>& listening) {
  std::set<int> ports;
  Address other;
  for (const auto& each : listening) {
    const auto address = split(each);
    if (address.port == 0) continue;
    if (!answers_on_localhost(address.host)) {
      other = address;
    } else {
      ports.insert(address.port);
    }
  }
  if (!ports.empty()) return fmt::format("\n  nslaunch port-forward {}{}", id, list(ports));
  if (other.port == 0) return {};
  return fmt::format("\n  nslaunch port-forward --to {} {} 0:{}", other.host, id, other.port);
}

std::string end_of(const HeldShard& held) {
  if (held.cause == EndCause::kTimeout) return "ran out of time";
  if (held.cause == EndCause::kSilence) return "wrote nothing for too long";
  if (WIFSIGNALED(held.wait_status)) {
    return fmt::format("died of {}", sys::signal_name(WTERMSIG(held.wait_status)));
  }
  return fmt::format("exited with {}", WEXITSTATUS(held.wait_status));
}

}  // namespace

std::string explain_held(const ShardSpec& spec, const HeldShard& held) {
  return fmt::format(
      "the command {}; its shard is held for {}, for these:\n  nslaunch exec {}{}\n  nslaunch kill {}    "
      "(lets it "
      "go{})",
      end_of(held), sys::format_duration(*spec.hold_on_failure), spec.id,
      port_forward_line(spec.id, held.listening), spec.id, held.on_terminal ? ", as Ctrl-C does" : "");
}

}  // namespace nslaunch::shard
