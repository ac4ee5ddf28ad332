#pragma once

#include "registry/place/directories.hpp"
#include "registry/record/listing.hpp"

namespace nslaunch::registry {

/// Reads the records of the directory, of another user, who can keep whoever lists it waiting (K66), in a
/// child and not without end. Throws nothing for a sick directory: that is a warning.
Listing list_directory(const Directory& directory);

}  // namespace nslaunch::registry
