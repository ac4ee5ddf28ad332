#pragma once

#include <cstdint>

namespace nslaunch::ns {

/// Which of the capabilities that matter here are effective. Called by the launcher.
struct Capabilities {
  bool sys_admin = false;
  bool net_admin = false;
  bool set_ids = false;  ///< CAP_SETUID and CAP_SETGID
};

Capabilities effective_capabilities();

/// All effective capabilities, as a bit set by number.
std::uint64_t effective_set();

}  // namespace nslaunch::ns
