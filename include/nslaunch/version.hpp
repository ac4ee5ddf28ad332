#pragma once

namespace nslaunch {

/// The library's version, "major.minor.patch".
const char* version() noexcept;

}  // namespace nslaunch
