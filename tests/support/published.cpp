#include "support/published.hpp"

#include "support/identity.hpp"
#include "support/listeners.hpp"

namespace nslaunch::test {
namespace {

Words with(Words words, const Words& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

}  // namespace

Words in_shard_with_one_stream(const std::string& script, const Words& options) {
  return with({"sh", "-c", "exec \"$@\" 2>&1", "sh"}, in_shard(script, options));
}

Published::Published(const Words& options)
    : launcher_(in_shard_with_one_stream(probe_binary() + " echo 127.0.0.1 9926 & cat",
                                         with({"--leaks=ignore", "--publish", "0:9926"}, options)),
                registry_.options()),
      port_(published_port(launcher_.read_line())) {
  launcher_.read_line();  // "up"
}

sys::Fd Published::connect() const {
  return connect_tcp("127.0.0.1", port_);
}

std::uint16_t published_port(const std::string& line) {
  const auto outer = line.substr(0, line.find(" leads to "));
  return static_cast<std::uint16_t>(std::stoi(outer.substr(outer.rfind(':') + 1)));
}

}  // namespace nslaunch::test
