#pragma once

#include <nslaunch/spec.hpp>

#include <string>

namespace nslaunch::cli {

/// A v6 address stands in brackets, "localhost" is 127.0.0.1, and other names are not looked up. Both throw
/// UsageError, which begins with `where`.

/// "[HOST:]PORT[:SHARDPORT]".
PublishedPort parse_published_port(const std::string& text, const std::string& where = {});
/// "[SHARDADDRESS:]PORT=HOST:PORT".
ReachedService parse_reached_service(const std::string& text, const std::string& where);

}  // namespace nslaunch::cli
