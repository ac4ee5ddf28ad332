#pragma once

#include "registry/place/folders.hpp"
#include "registry/record/listing.hpp"

namespace nslaunch::registry {

/// Reads the records of the folder, of another user, who can keep whoever lists it waiting (K66), in a child
/// and not without end. Throws nothing for a sick folder: that is a warning.
Listing list_folder(const Folder& folder);

}  // namespace nslaunch::registry
