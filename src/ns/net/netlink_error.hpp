#pragma once

#include <system_error>

namespace nslaunch::ns {

/// libnl's error numbers are its own (K16): they must never be read as errno.
const std::error_category& netlink_category();

}  // namespace nslaunch::ns
