#pragma once

#include <nslaunch/registry.hpp>

#include <string>
#include <vector>

#include "registry/folders.hpp"

namespace nslaunch::registry {

/// What the records of a folder say.
struct Listing {
  std::vector<ShardEntry> entries;
  std::vector<std::string> warnings;
};

/// Reads them, of another user, who can keep whoever lists the folder waiting (K66), in a child and not
/// without end. Throws nothing for a sick folder: that is a warning.
Listing list_folder(const Folder& folder);

}  // namespace nslaunch::registry
