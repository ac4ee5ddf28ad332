#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace nslaunch::registry {

/// What a note says, behind an entry, of the directory that was made in its place: what tells it from all
/// others.
std::string entry_of_made(int directory);

struct Removed {
  std::size_t removed = 0;
  std::string missing;                ///< the entries of what is not there, as they were
  std::vector<std::string> problems;  ///< with what to do
};

/// Removes what a note lists behind its origin: by descriptors, following no link, only what has a name of
/// nslaunch's making, and what is in a directory only where it is the very one that was made.
Removed remove_leftovers(std::string_view entries);

}  // namespace nslaunch::registry
