#pragma once

#include <cstdint>
#include <string>

#include "support/process.hpp"
#include "support/registry_view.hpp"
#include "sys/base/fd.hpp"

namespace nslaunch::test {

/// nslaunch with its stderr where its stdout is: read_line() has both.
Words in_shard_with_one_stream(const std::string& script, const Words& options);

/// A shard with an echo server on 127.0.0.1:9926 (the probe's), which --publish leads to from a port outside.
class Published {
 public:
  explicit Published(const Words& options = {});

  const RegistryView& registry() const { return registry_; }
  /// Its output is that of the server, and of nslaunch.
  Process& server() { return launcher_; }
  std::uint16_t port() const { return port_; }
  /// A new client of it.
  sys::Fd connect() const;

 private:
  RegistryView registry_;
  Process launcher_;
  std::uint16_t port_;
};

/// The port in "nslaunch: ADDRESS:PORT leads to ...".
std::uint16_t published_port(const std::string& line);

}  // namespace nslaunch::test
