#pragma once

namespace nslaunch::sys {

/// Removes all that is in a directory, of which `directory` is a descriptor (O_PATH will do), and not itself:
/// by descriptors, without following links, and not what is mounted there. Directories that keep even their
/// owner out are no obstacle. Returns 0 or the errno of the first that stays: EXDEV where something is
/// mounted.
int remove_contents(int directory) noexcept;

}  // namespace nslaunch::sys
