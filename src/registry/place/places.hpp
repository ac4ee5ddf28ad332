#pragma once

#include <sys/stat.h>

#include <string>
#include <vector>

namespace nslaunch::registry {

/// Where a registry directory may be, and whose it must be to count.
struct Place {
  std::string path;
  uid_t owner = 0;
};

/// Whether it is a directory of `owner` with mode 0700.
bool is_private_to(const struct stat& status, uid_t owner);

/// Where this user's records go, most wanted first: $NSLAUNCH_STATE_DIR alone where that is set; else
/// $XDG_RUNTIME_DIR/nslaunch if XDG_RUNTIME_DIR is ours with mode 0700, /run/nslaunch for root,
/// /tmp/nslaunch-UID.
std::vector<Place> places_to_publish();

/// Those, and the login session's directory even where XDG_RUNTIME_DIR does not name it.
std::vector<Place> places_to_read();

/// The possible directories of that user; none unless we are root.
std::vector<Place> places_of_another(uid_t user);

/// Other users' possible directories, of which `problems` is told where there are too many; none unless we
/// are root.
std::vector<Place> other_users_places(std::vector<std::string>& problems);

}  // namespace nslaunch::registry
