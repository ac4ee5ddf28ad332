#pragma once

#include <chrono>

namespace nslaunch::sys {

/// Removes all that is in a directory, of which `directory` is a descriptor (O_PATH will do), and not itself:
/// by descriptors, without following links, and not what is mounted there. Directories that keep even their
/// owner out are no obstacle. What is in another user's root removes as that user (as_user()). Of what is in
/// a directory that others can write to only overlayfs's whiteouts are removed. Returns 0 or the errno of the
/// first that stays: EXDEV where something is mounted, ENOTEMPTY where it is for others to remove, ETIME
/// where they add to it for longer than `limit`.
int remove_contents(int directory, std::chrono::milliseconds limit = std::chrono::seconds{2}) noexcept;

}  // namespace nslaunch::sys
