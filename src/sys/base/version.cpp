#include <nslaunch/version.hpp>

namespace nslaunch {

const char* version() noexcept {
  return NSLAUNCH_VERSION;
}

}  // namespace nslaunch
