#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace nslaunch::registry {

/// The text that a note has after the entry of a directory that was created: it identifies that directory.
std::string entry_of_made(int directory);

struct Removed {
  std::size_t removed = 0;
  std::string missing;                ///< the entries of what does not exist, unchanged
  std::vector<std::string> problems;  ///< with what to do
};

/// Removes what a note lists after its origin: through descriptors, following no link, only names that
/// nslaunch creates, and the contents of a directory only if it is the very one that was created.
Removed remove_leftovers(std::string_view entries);

}  // namespace nslaunch::registry
