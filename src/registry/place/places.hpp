#pragma once

#include <sys/stat.h>

#include <string>
#include <vector>

namespace nslaunch::registry {

/// Where a registry directory may be, and who must own it for it to count.
struct Place {
  std::string path;
  uid_t owner = 0;
};

/// Whether it is a directory of `owner` with mode 0700.
bool is_private_to(const struct stat& status, uid_t owner);

/// Where this user's records go, most preferred first: only $NSLAUNCH_STATE_DIR if that is set; else
/// $XDG_RUNTIME_DIR/nslaunch if XDG_RUNTIME_DIR is ours with mode 0700, /run/nslaunch for root,
/// /tmp/nslaunch-UID.
std::vector<Place> places_to_publish();

/// Those, and the login session's directory even if XDG_RUNTIME_DIR does not name it.
std::vector<Place> places_to_read();

/// The possible directories of that user; none unless we are root.
std::vector<Place> places_of_another(uid_t user);

/// Other users' possible directories; none unless we are root. If there are too many, `problems` gets a line.
std::vector<Place> other_users_places(std::vector<std::string>& problems);

}  // namespace nslaunch::registry
