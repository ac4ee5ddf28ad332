#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <vector>

#include "sys/process/as_user.hpp"

namespace nslaunch::ns {

/// sys::as_user() in a user namespace where nobody but that user and his groups has an id, and a mount
/// namespace of its own: there the child may mount what users may, and what it makes asks for every file as
/// that user (K57). `open` comes before it has the user's id, which root's closed directories need that are
/// on the way; it too has no rights over what belongs to others. The descriptors opened there stay. Neither
/// may throw anything but Error. Throws Error, with EUSERS where no more user namespaces are to be had.
sys::Answer mount_as_user(uid_t uid, gid_t gid, const std::vector<gid_t>& groups,
                          std::chrono::milliseconds limit, const std::vector<int>& used,
                          const std::function<void()>& open, const std::function<sys::Answer()>& work);

}  // namespace nslaunch::ns
