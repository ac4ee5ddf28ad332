#include <nslaunch/version.hpp>

namespace nslaunch {

// The header is installed unchanged, and its numbers are the project's.
static_assert(NSLAUNCH_VERSION_MAJOR == NSLAUNCH_PROJECT_MAJOR);
static_assert(NSLAUNCH_VERSION_MINOR == NSLAUNCH_PROJECT_MINOR);
static_assert(NSLAUNCH_VERSION_PATCH == NSLAUNCH_PROJECT_PATCH);

const char* version() noexcept {
  return NSLAUNCH_VERSION;
}

}  // namespace nslaunch
