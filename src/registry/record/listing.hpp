#pragma once

#include <nslaunch/registry.hpp>

#include <string>
#include <vector>

namespace nslaunch::registry {

/// What the records of a directory say.
struct Listing {
  std::vector<ShardEntry> entries;
  std::vector<std::string> warnings;
};

}  // namespace nslaunch::registry
