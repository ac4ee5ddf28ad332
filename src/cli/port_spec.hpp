#pragma once

#include <cstdint>
#include <string>

namespace nslaunch::cli {

/// "[HOST:]PORT[:SHARDPORT]": where to listen outside, and the port inside.
struct PortSpec {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;  ///< 0: any that is free
  std::uint16_t shard_port = 0;
};

/// A v6 host stands in brackets. Throws UsageError.
PortSpec parse_port_spec(const std::string& text);

}  // namespace nslaunch::cli
