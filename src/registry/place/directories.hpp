#pragma once

#include <optional>
#include <string>
#include <vector>

#include "registry/place/places.hpp"
#include "sys/base/fd.hpp"

namespace nslaunch::registry {

/// An open registry directory: a real directory of `owner` with mode 0700, not reached through a
/// symbolic link of that name. Everything in it is reached from the descriptor.
struct Directory {
  sys::Fd fd;
  std::string path;
  uid_t owner = 0;
};

/// Opens what is there. Nothing with an empty `problem`: there is no such directory. Nothing with a
/// problem: something else is there, and this is the line that says so.
std::optional<Directory> open_directory(const Place& place, std::string& problem);

/// The first of the user's possible directories that can be had, made where it is missing
/// (places_to_publish).
std::optional<Directory> open_directory_to_publish(std::string& problem);

/// Where that would be, as far as it can be told without making anything; empty with a problem.
std::string directory_to_publish_in(std::string& problem);

/// Every directory in which this user (with and without a login session, say) may have records, that
/// exists. A sick one is a line in `problems`.
std::vector<Directory> open_own_directories(std::vector<std::string>& problems);

/// The same of any user, of another one as root only.
std::vector<Directory> open_directories_of(uid_t user, std::vector<std::string>& problems);

/// The caller's, and as root with `all_users` every other user's too.
std::vector<Directory> open_directories(bool all_users, std::vector<std::string>& problems);

}  // namespace nslaunch::registry
