#include "cli/port_spec.hpp"

#include <nslaunch/error.hpp>

#include <charconv>
#include <optional>
#include <string_view>
#include <vector>

#include "ns/endpoint.hpp"
#include "sys/check.hpp"
#include "sys/text.hpp"

namespace nslaunch::cli {
namespace {

[[noreturn]] void throw_wrong(const std::string& text, const std::string& why) {
  throw UsageError(fmt::format("'{}' is not [HOST:]PORT[:SHARDPORT]: {}", sys::escape(text), why),
                   "for example 9925, 8080:9926, 0.0.0.0:8080:9926 or [::1]:8080:9926");
}

std::uint16_t parse_port(const std::string& text, std::string_view part, unsigned least) {
  unsigned number = 0;
  const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), number);
  if (error != std::errc{} || end != part.data() + part.size() || number < least || number > 65535) {
    throw_wrong(text, fmt::format("'{}' is no port from {} to 65535", sys::escape(part), least));
  }
  return static_cast<std::uint16_t>(number);
}

/// Takes "HOST:" off the front, where there is one.
std::optional<std::string> take_host(const std::string& text, std::string_view& rest) {
  if (rest.starts_with('[')) {
    const auto end = rest.find("]:");
    if (end == std::string_view::npos) throw_wrong(text, "there is no ']:' behind the v6 address");
    std::string host(rest.substr(1, end - 1));
    rest.remove_prefix(end + 2);
    return host;
  }
  const auto colon = rest.find(':');
  if (colon == std::string_view::npos ||
      rest.substr(0, colon).find_first_not_of("0123456789") == std::string_view::npos)
    return std::nullopt;
  std::string host(rest.substr(0, colon));
  rest.remove_prefix(colon + 1);
  return host;
}

}  // namespace

PortSpec parse_port_spec(const std::string& text) {
  PortSpec spec;
  std::string_view rest = text;
  if (auto host = take_host(text, rest)) spec.host = *host == "localhost" ? "127.0.0.1" : *host;
  if (!ns::is_address(spec.host)) throw_wrong(text, "HOST is an address in numbers, or localhost");
  const auto colon = rest.find(':');
  spec.port = parse_port(text, rest.substr(0, colon), colon == std::string_view::npos ? 1 : 0);
  spec.shard_port = colon == std::string_view::npos ? spec.port : parse_port(text, rest.substr(colon + 1), 1);
  return spec;
}

}  // namespace nslaunch::cli
