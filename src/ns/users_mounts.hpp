#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <vector>

#include "sys/process/as_user.hpp"

namespace nslaunch::ns {

/// sys::as_user() in a user namespace where only that user and the user's groups have ids, and a mount
/// namespace of its own: there the child may mount what users may, and what it mounts accesses every file as
/// that user (K57). `open` runs before the child has the user's id, as needed for root's closed directories
/// on the way; it too has no rights over what belongs to others. The descriptors opened there stay open.
/// Neither may throw anything but Error. Throws Error, with EUSERS if no more user namespaces are available.
sys::Answer mount_as_user(uid_t uid, gid_t gid, const std::vector<gid_t>& groups,
                          std::chrono::milliseconds limit, const std::vector<int>& used,
                          const std::function<void()>& open, const std::function<sys::Answer()>& work);

}  // namespace nslaunch::ns
