#include "support/forwarded.hpp"

#include "support/identity.hpp"
#include "support/listeners.hpp"

namespace nslaunch::test {

Forwarded::Forwarded()
    : shard_(registry_, {"--leaks=ignore"}, probe_binary() + " echo 127.0.0.1 9926 & cat"),
      forwarder_(nslaunch({"port-forward", shard_.id, "0:9926"}), registry_.options()),
      port_(outer_port(forwarder_.read_line())) {
  shard_.launcher.read_line();  // "up"
}

sys::Fd Forwarded::connect() const {
  return connect_tcp("127.0.0.1", port_);
}

std::uint16_t outer_port(const std::string& line) {
  const auto outer = line.substr(0, line.find('\t'));
  return static_cast<std::uint16_t>(std::stoi(outer.substr(outer.rfind(':') + 1)));
}

}  // namespace nslaunch::test
