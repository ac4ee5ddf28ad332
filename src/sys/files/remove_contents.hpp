#pragma once

#include <chrono>

namespace nslaunch::sys {

/// Removes everything in a directory, but not the directory itself; `directory` is its descriptor (O_PATH is
/// enough). Works by descriptors, follows no links, and leaves mounts alone. Directories that deny access
/// even to their owner are no obstacle. What is in another user's directory root removes as that user
/// (as_user()). In a directory that others can write to, only overlayfs's whiteouts are removed. Returns 0 or
/// the errno of the first entry that stays: EXDEV if something is mounted, ENOTEMPTY if it is for others to
/// remove, ETIME if they add entries for longer than `limit`, ELOOP below 64 levels.
int remove_contents(int directory, std::chrono::milliseconds limit = std::chrono::seconds{2}) noexcept;

}  // namespace nslaunch::sys
