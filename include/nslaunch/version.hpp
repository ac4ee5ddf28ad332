#pragma once

/// What a program is compiled against; version() is what it is linked with.
#define NSLAUNCH_VERSION_MAJOR 0
#define NSLAUNCH_VERSION_MINOR 1
#define NSLAUNCH_VERSION_PATCH 0

namespace nslaunch {

/// The library's version, "major.minor.patch".
const char* version() noexcept;

}  // namespace nslaunch
