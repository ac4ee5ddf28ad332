#pragma once

namespace nslaunch::sys {

/// Removes a file, or a directory with all below it: by descriptors, without following links, and not what is
/// mounted there. Directories that keep even their owner out are no obstacle. Returns 0 or an errno: EXDEV
/// where something is mounted, ENOENT where there is nothing.
int remove_entry(int directory, const char* name) noexcept;

/// Likewise all that is in a directory, of which `directory` is a descriptor (O_PATH will do), and not
/// itself.
int remove_contents(int directory) noexcept;

}  // namespace nslaunch::sys
