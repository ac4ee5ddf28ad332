#pragma once

#include "registry/place/directories.hpp"
#include "registry/record/record_listing.hpp"

namespace nslaunch::registry {

/// Reads the records of the directory; those of another user, who can block any reader (K66), in a child and
/// with a time limit. Does not throw if the directory can't be read: that is a warning.
Listing list_directory(const Directory& directory);

}  // namespace nslaunch::registry
