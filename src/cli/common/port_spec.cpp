#include "cli/common/port_spec.hpp"

#include <nslaunch/error.hpp>

#include <optional>
#include <string_view>

#include "sys/base/check.hpp"
#include "sys/base/text.hpp"
#include "sys/base/values.hpp"
#include "sys/io/endpoint.hpp"

namespace nslaunch::cli {
namespace {

/// Parses addresses and ports in one word of the command line, from front to end.
class PortReader {
 public:
  struct Form {
    const char* name;
    const char* examples;
  };

  PortReader(const std::string& text, const std::string& where, const Form& form)
      : text_(text), where_(where), form_(form), rest_(text) {}

  /// "ADDRESS:", if there is one.
  std::optional<std::string> address() {
    auto address = take_address();
    if (!address || *address == "localhost") return address ? "127.0.0.1" : address;
    if (!sys::is_address(*address)) {
      throw_wrong(
          fmt::format("'{}' is neither an address in numbers nor localhost, and nslaunch looks no names up",
                      sys::escape(*address)));
    }
    return address;
  }

  std::uint16_t port(unsigned least) {
    const auto part = rest_.substr(0, rest_.find_first_of(":="));
    const auto number = sys::whole_number<std::uint16_t>(part);
    if (!number || *number < least)
      throw_wrong(fmt::format("'{}' is no port from {} to 65535", sys::escape(part), least));
    rest_.remove_prefix(part.size());
    return *number;
  }

  bool at(char next) const { return rest_.starts_with(next); }
  void skip(char next) {
    if (!at(next)) throw_wrong(fmt::format("a '{}' is missing", next));
    rest_.remove_prefix(1);
  }
  void end() const {
    if (!rest_.empty()) throw_wrong(fmt::format("'{}' is too much", sys::escape(rest_)));
  }
  [[noreturn]] void throw_wrong(const std::string& why) const {
    throw UsageError(fmt::format("{}'{}' is not {}: {}", where_, sys::escape(text_), form_.name, why),
                     form_.examples);
  }

 private:
  std::optional<std::string> take_address() {
    if (at('[')) {
      const auto end = rest_.find("]:");
      if (end == std::string_view::npos) throw_wrong("there is no ']:' behind the v6 address");
      std::string address(rest_.substr(1, end - 1));
      rest_.remove_prefix(end + 2);
      return address;
    }
    const auto word = rest_.substr(0, rest_.find_first_of(":="));
    const bool is_number = word.find_first_not_of("0123456789") == std::string_view::npos;
    if (is_number || !rest_.substr(word.size()).starts_with(':')) return std::nullopt;
    rest_.remove_prefix(word.size() + 1);
    return std::string(word);
  }

  const std::string& text_;
  const std::string& where_;
  const Form& form_;
  std::string_view rest_;
};

constexpr PortReader::Form kPublished = {"[HOST:]PORT[:SHARDPORT]",
                                         "for example 9925, 8080:9926, 0.0.0.0:8080:9926 or [::1]:8080:9926"};
constexpr PortReader::Form kReached = {
    "[SHARDADDRESS:]PORT=HOST:PORT",
    "for example 5432=localhost:5432, 127.0.0.2:5432=10.0.0.7:5432 or [::1]:5432=[::1]:5432"};

}  // namespace

PublishedPort parse_published_port(const std::string& text, const std::string& where) {
  PortReader reader(text, where, kPublished);
  PublishedPort published;
  published.host = reader.address().value_or(published.host);
  published.port = reader.port(0);
  published.shard_port = published.port;
  if (reader.at(':')) {
    reader.skip(':');
    published.shard_port = reader.port(1);
  } else if (published.port == 0) {
    reader.throw_wrong("port 0, any that is free, needs a SHARDPORT");
  }
  reader.end();
  return published;
}

ReachedService parse_reached_service(const std::string& text, const std::string& where) {
  PortReader reader(text, where, kReached);
  ReachedService reached;
  reached.shard_address = reader.address().value_or(reached.shard_address);
  reached.shard_port = reader.port(1);
  reader.skip('=');
  const auto host = reader.address();
  if (!host) reader.throw_wrong("there is no HOST");
  reached.host = *host;
  reached.port = reader.port(1);
  reader.end();
  return reached;
}

}  // namespace nslaunch::cli
