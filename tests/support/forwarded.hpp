#pragma once

#include <cstdint>
#include <string>

#include "support/live_shard.hpp"
#include "sys/base/fd.hpp"

namespace nslaunch::test {

/// A shard with an echo server on 127.0.0.1:9926 (the probe's), and a port outside that leads to it.
class Forwarded {
 public:
  Forwarded();

  const RegistryView& registry() const { return registry_; }
  LiveShard& shard() { return shard_; }
  Process& forwarder() { return forwarder_; }
  /// Its output is that of the server.
  Process& server() { return shard_.launcher; }
  std::uint16_t port() const { return port_; }
  /// A new client of it.
  sys::Fd connect() const;

 private:
  RegistryView registry_;
  LiveShard shard_;
  Process forwarder_;
  std::uint16_t port_;
};

/// The port at the end of "ADDRESS:PORT<tab>...", which port-forward prints.
std::uint16_t outer_port(const std::string& line);

}  // namespace nslaunch::test
