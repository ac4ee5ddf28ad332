#pragma once

/// The version that a program is compiled against; version() is the one it is linked with.
#define NSLAUNCH_VERSION_MAJOR 0
#define NSLAUNCH_VERSION_MINOR 1
#define NSLAUNCH_VERSION_PATCH 0

namespace nslaunch {

/// The library's version, "major.minor.patch".
const char* version() noexcept;

}  // namespace nslaunch
