#pragma once

#include "sys/files/directory.hpp"

namespace nslaunch::sys {

/// Whether an open file has an access control list: then the group bits of its mode are that list's mask.
bool has_access_list(int file) noexcept;

/// Takes from a directory its own list, and the one that it hands down. False if that is impossible.
bool drop_access_lists(const Directory& directory) noexcept;

/// Gives a directory the lists of another one, or none if that has none. False if that is impossible.
bool copy_access_lists(const Directory& from, const Directory& to) noexcept;

}  // namespace nslaunch::sys
