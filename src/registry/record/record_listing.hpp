#pragma once

#include <nslaunch/registry.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace nslaunch::registry {

/// What the records of a directory say.
struct Listing {
  std::vector<ShardEntry> entries;
  std::vector<std::string> warnings;
};

/// For a child to report what it has read, byte for byte.
std::string to_text(const Listing& listing);

/// Throws Error if it is not such a text.
Listing listing_of(std::string_view text);

}  // namespace nslaunch::registry
