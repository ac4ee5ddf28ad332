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

/// Makes one, under the name that `name_of` has for this try. Whoever sweeps takes one that is not locked for
/// a dead launcher's, at whatever age; that it was taken in the instant before it was locked shows
/// afterwards, and another is made. Throws Error.
LockedFile make_locked_file(int directory, const std::function<std::string(unsigned)>& name_of);

}  // namespace nslaunch::registry
