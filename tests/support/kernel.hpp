#pragma once

#include <sys/utsname.h>

#include <cstdio>
#include <utility>

namespace nslaunch::test {

/// Whether it runs here: {6, 14}.
inline bool has_kernel(std::pair<int, int> version) {
  utsname kernel = {};
  ::uname(&kernel);
  std::pair<int, int> here;
  return std::sscanf(kernel.release, "%d.%d", &here.first, &here.second) == 2 && here >= version;
}

}  // namespace nslaunch::test
