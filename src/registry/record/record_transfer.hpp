#pragma once

#include <string>
#include <string_view>

#include "registry/record/listing.hpp"

namespace nslaunch::registry {

/// For a child to tell what it has read, byte for byte.
std::string to_text(const Listing& listing);

/// Throws Error where it is no such text.
Listing listing_of(std::string_view text);

}  // namespace nslaunch::registry
