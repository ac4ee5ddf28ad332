#pragma once

#include <nslaunch/spec.hpp>

#include <string>

namespace nslaunch::cli {

/// An IPv6 address is written in brackets, "localhost" is 127.0.0.1, and other names are not resolved. Both
/// functions throw UsageError, whose message begins with `where`.

/// "[HOST:]PORT[:SHARDPORT]".
PublishedPort parse_published_port(const std::string& text, const std::string& where = {});
/// "[SHARDADDRESS:]PORT=HOST:PORT".
ReachedService parse_reached_service(const std::string& text, const std::string& where);

}  // namespace nslaunch::cli
