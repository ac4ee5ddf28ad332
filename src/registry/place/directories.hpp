#pragma once

#include <optional>
#include <string>
#include <vector>

#include "registry/place/places.hpp"
#include "sys/base/fd.hpp"

namespace nslaunch::registry {

/// An open registry directory: a real directory of `owner` with mode 0700, not reached through a symbolic
/// link of that name. All access to its entries is through the descriptor.
struct Directory {
  sys::Fd fd;
  std::string path;
  uid_t owner = 0;
};

/// Opens the directory. nullopt with an empty `problem`: there is no such directory. nullopt with a problem:
/// something else is there, and this line reports it.
std::optional<Directory> open_directory(const Place& place, std::string& problem);

/// The first of the user's possible directories that can be used, created if it is missing
/// (places_to_publish).
std::optional<Directory> open_directory_to_publish(std::string& problem);

/// The path of that directory, as far as it can be determined without creating anything; empty with a
/// problem.
std::string directory_to_publish_in(std::string& problem);

/// Every existing directory in which this user (with and without a login session, for example) may have
/// records. One that can't be used is a line in `problems`.
std::vector<Directory> open_own_directories(std::vector<std::string>& problems);

/// The same for any user, for another one as root only.
std::vector<Directory> open_directories_of(uid_t user, std::vector<std::string>& problems);

/// The caller's directories, and as root with `all_users` every other user's too.
std::vector<Directory> open_directories(bool all_users, std::vector<std::string>& problems);

}  // namespace nslaunch::registry
