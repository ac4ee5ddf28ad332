#pragma once

#include <functional>
#include <string>

#include "sys/base/fd.hpp"

namespace nslaunch::registry {

/// A new file in a registry directory, with its lock.
struct LockedFile {
  sys::Fd fd;
  std::string name;
};

/// Creates one, under the name that `name_of` returns for this attempt. A sweep takes a file that is not
/// locked, of whatever age, for a dead launcher's. If it takes this one in the instant before the lock, that
/// is detected afterwards, and another is created. Throws Error.
LockedFile make_locked_file(int directory, const std::function<std::string(unsigned)>& name_of);

}  // namespace nslaunch::registry
