#pragma once

#include <string>
#include <string_view>

#include "registry/record/listing.hpp"

namespace nslaunch::registry {

/// For a child to report what it has read, byte for byte.
std::string to_text(const Listing& listing);

/// Throws Error if it is not such a text.
Listing listing_of(std::string_view text);

}  // namespace nslaunch::registry
